import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { OpenedFile } from "../../bytes/byte-range.ts";
import { copyRange } from "../../files/file-copy.ts";
import { readInput } from "../../files/open-input.ts";
import { type BlockIndex, decodeIndex, encodeIndex, isOfOther } from "../../reuse/block-index.ts";
import type { KnownFile } from "../../reuse/known-files.ts";
import type { NewBlocks } from "../../reuse/new-blocks.ts";
import { decodeParts, encodeParts } from "../../reuse/part-index.ts";
import type { BlockRecords } from "../../squashfs/blocks/block-records.ts";
import { codecDigest } from "../../squashfs/blocks/codec.ts";
import type { PartRecords } from "../../squashfs/blocks/part-records.ts";
import { FILE, type NewEntry } from "./cache-folder.ts";
import { isDamage, type Unread, unreadFor } from "./cache-record.ts";

/** Most bytes of an index. */
const MOST_INDEX = 64 * 1024 * 1024;

/** A file of blocks, and the identity of the codec that compressed them. */
export interface CachedBlocks {
  identity: string;
  file: KnownFile;
}

/**
 * Opens the artifact of an entry with the index of its blocks. `other` if it does not consist of blocks with one of these
 * identities, and `damaged` if the index is, or if the artifact does not have `size` bytes.
 */
export function openBlocks(
  entry: string,
  { size, identities }: { size: number; identities: readonly string[] },
): CachedBlocks | "other" | "damaged" {
  const index = readBlocks(`${entry}/${FILE.blocks}`, identities);
  if (typeof index === "string") return index;
  const fd = openSized(`${entry}/${FILE.artifact}`, size);
  if (typeof fd === "string") return fd;
  const { identity, blocks } = index;
  const parts = () => readParts(`${entry}/${FILE.parts}`, blocks);
  return { identity, file: { fd, start: 0, blocks, parts, close: () => closeSync(fd) } };
}

function readBlocks(path: string, identities: readonly string[]): BlockIndex | "other" | "damaged" {
  const bytes = readIndex(path);
  if (typeof bytes === "string") return bytes === "damaged" ? "damaged" : "other";
  for (const identity of identities) {
    const blocks = decodeIndex(bytes, identity);
    if (blocks !== undefined) return { identity, blocks };
  }
  return identities.every((identity) => isOfOther(bytes, identity)) ? "other" : "damaged";
}

function readParts(path: string, blocks: BlockRecords): PartRecords | undefined {
  const bytes = readIndex(path);
  return typeof bytes === "string" ? undefined : decodeParts(bytes, blocks);
}

/**
 * Copies the new blocks of a squashfs into a file of the cache.
 * @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK`, `E_INTERRUPTED`; the system's errors of writing
 */
export async function writeBlocks(
  { blocks, parts, ranges }: NewBlocks,
  path: string,
  options: {
    /** The squashfs, which begins at byte `offset` of an open file. */
    squashfs: { file: OpenedFile; offset: number };
    identity: string;
    signal: AbortSignal;
  },
): Promise<NewEntry> {
  const { squashfs, identity, signal } = options;
  const fd = openSync(path, "wx");
  try {
    let end = 0;
    for (const { start, length } of ranges) {
      const range = { file: squashfs.file, start: squashfs.offset + start, length };
      await copyRange(range, { fd, offset: end }, { what: "the copying of blocks into the cache", signal });
      end += length;
    }
  } finally {
    closeSync(fd);
  }
  return blocksEntry({ identity, blocks }, parts);
}

/** The entry of an artifact with these blocks. Artifacts with the same blocks have the same key. */
export function blocksEntry(index: BlockIndex, parts: PartRecords): NewEntry {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(codecDigest(index.identity));
  for (const { digest } of index.blocks) hasher.update(digest);
  return { key: hasher.digest("hex"), indexes: { blocks: encodeIndex(index), parts: encodeParts(parts) } };
}

/** The descriptor of a regular file of this size. */
function openSized(path: string, size: number): number | "other" | "damaged" {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    const info = fstatSync(fd);
    if (info.isFile() && info.size === size) return fd;
    closeSync(fd);
    return "damaged";
  } catch (error) {
    return isDamage(error) ? "damaged" : "other";
  }
}

function readIndex(path: string): Buffer | Unread {
  try {
    return readInput(path, { code: "E_CACHE", limit: MOST_INDEX });
  } catch (error) {
    return unreadFor(error);
  }
}
