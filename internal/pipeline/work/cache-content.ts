import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from "node:fs";
import type { CacheContent } from "../../documents/cache-document.ts";

/** Signatures at the beginning of an artifact. */
const SQUASHFS = Buffer.from("hsqs");
const LAYER = Buffer.from("platter-layer-");
/** The superblock of an erofs. */
const EROFS = { offset: 1024, magic: 0xe0f5e1e2 };

/** The kind of an artifact, from its first bytes and from its index of blocks. */
export function contentOf(artifact: string, blocks: string): CacheContent {
  const head = Buffer.alloc(EROFS.offset + 4);
  try {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    const file = openSync(artifact, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    try {
      // Reading a FIFO or a device might not end.
      if (fstatSync(file).isFile()) readSync(file, head, 0, head.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return "unknown";
  }
  if (head.subarray(0, SQUASHFS.length).equals(SQUASHFS)) return "squashfs";
  if (head.subarray(0, LAYER.length).equals(LAYER)) return "layer";
  if (head.readUInt32LE(EROFS.offset) === EROFS.magic) return "erofs";
  return existsSync(blocks) ? "blocks" : "unknown";
}
