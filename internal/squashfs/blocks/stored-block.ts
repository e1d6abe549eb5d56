import { readSync } from "node:fs";
import { checksumOf, type StoredBlock, storedLength } from "./block-table.ts";
import { STORED_BLOCK } from "./format.ts";

/**
 * The stored bytes of a block with this content: `content` itself if the block is not compressed. Undefined if the file
 * cannot be read there or its bytes do not have the checksum.
 */
export function readStoredBlock(
  block: StoredBlock,
  content: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const length = storedLength(block);
  if ((block.length & STORED_BLOCK) !== 0) return length === content.length ? content : undefined;
  if (length >= content.length) return undefined;
  const bytes = new Uint8Array(length);
  return fills(bytes, block) && checksumOf(bytes) === block.checksum ? bytes : undefined;
}

function fills(target: Uint8Array, { fd, offset }: StoredBlock): boolean {
  try {
    for (let done = 0; done < target.length; ) {
      const length = readSync(fd, target, done, target.length - done, offset + done);
      if (length === 0) return false;
      done += length;
    }
    return true;
  } catch {
    // Compressing the content works without this file.
    return false;
  }
}
