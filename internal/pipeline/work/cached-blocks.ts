import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { readInput } from "../../files/open-input.ts";
import { decodeIndex } from "../../reuse/block-index.ts";
import type { KnownFile } from "../../reuse/known-files.ts";
import { decodeParts } from "../../reuse/part-index.ts";

/** Most bytes of an index. */
const MOST_INDEX = 64 * 1024 * 1024;

/** Host paths of an artifact and its indexes. */
interface IndexedArtifact {
  artifact: string;
  /** Bytes of the artifact. */
  size: number;
  blocks: string;
  parts: string;
}

/**
 * Opens an artifact with the index of its blocks. Undefined if the index is missing, damaged or of another identity, or if
 * the artifact has another size.
 */
export function openBlocks(
  { artifact, size, ...indexes }: IndexedArtifact,
  identity: string,
): KnownFile | undefined {
  const blocks = readIndex(indexes.blocks, (bytes) => decodeIndex(bytes, identity));
  if (blocks === undefined) return undefined;
  let fd: number;
  try {
    fd = openSync(artifact, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  const info = fstatSync(fd);
  const parts = () => readIndex(indexes.parts, (bytes) => decodeParts(bytes, blocks));
  if (info.isFile() && info.size === size) return { fd, start: 0, blocks, parts, close: () => closeSync(fd) };
  closeSync(fd);
  return undefined;
}

function readIndex<T>(path: string, decode: (bytes: Buffer) => T | undefined): T | undefined {
  try {
    return decode(readInput(path, { code: "E_CACHE", limit: MOST_INDEX }));
  } catch {
    // Without its index, the artifact can still be used as a whole.
    return undefined;
  }
}
