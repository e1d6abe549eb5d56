import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readInput } from "../../files/open-input.ts";
import { decodeIndex } from "../../reuse/block-index.ts";
import type { KnownFile } from "../../reuse/known-files.ts";
import type { BlockRecords } from "../../squashfs/blocks/block-records.ts";

/** Most bytes of an index. */
const MOST_INDEX = 64 * 1024 * 1024;

/**
 * Opens an artifact of `size` bytes with the index of its blocks. Undefined if the index is missing, damaged or of
 * another identity, or if the artifact has another size.
 */
export function openBlocks(
  { artifact, size, index }: { artifact: string; size: number; index: string },
  identity: string,
): KnownFile | undefined {
  const blocks = readIndex(index, identity);
  if (blocks === undefined) return undefined;
  let fd: number;
  try {
    fd = openSync(artifact, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  const info = fstatSync(fd);
  if (info.isFile() && info.size === size) return { fd, start: 0, blocks, close: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

function readIndex(path: string, identity: string): BlockRecords | undefined {
  try {
    return decodeIndex(readInput(path, { code: "E_CACHE", limit: MOST_INDEX }), identity);
  } catch {
    // Without its index, the artifact can still be used as a whole.
    return undefined;
  }
}
