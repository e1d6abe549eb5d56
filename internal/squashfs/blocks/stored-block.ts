import { readAtSync } from "../../bytes/chunk.ts";
import type { Candidate } from "./block-reuse.ts";
import { checksumOf, type StoredBlock, storedLength } from "./block-table.ts";
import type { Codec } from "./codec.ts";
import { STORED_BLOCK } from "./format.ts";

/**
 * The stored bytes of a block with this content: `content` itself if the block is not compressed, else a part of `room`.
 * Undefined if the file cannot be read there or its bytes do not have the checksum.
 */
export function readStoredBlock(
  block: StoredBlock,
  content: Uint8Array<ArrayBuffer>,
  room: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const isPlain = (block.length & STORED_BLOCK) !== 0;
  if (isPlain) return storedLength(block) === content.length ? content : undefined;
  return checkedBlock(block, content.length, room);
}

/**
 * The stored bytes of a block if its content is this one: `content` itself if the block is not compressed, else a part of
 * `room`. Undefined for another content, or if the block cannot be read or decompressed.
 */
export function sameBlock(
  block: Candidate,
  content: Uint8Array<ArrayBuffer>,
  { room, codec }: { room: Uint8Array<ArrayBuffer>; codec: Pick<Codec, "unpack"> },
): Uint8Array<ArrayBuffer> | undefined {
  const isPlain = (block.length & STORED_BLOCK) !== 0;
  if (isPlain && storedLength(block) !== content.length) return undefined;
  const stored = storedBytes(block, room);
  if (stored === undefined) return undefined;
  if (isPlain) return Buffer.compare(stored, content) === 0 ? content : undefined;
  try {
    const unpacked = codec.unpack?.(stored, content.length);
    return unpacked !== undefined && Buffer.compare(unpacked, content) === 0 ? stored : undefined;
  } catch {
    // A longer content is an error too.
    return undefined;
  }
}

/** The bytes of a block of `size` bytes of content, in `room`. Undefined if the file does not have them any more. */
export function checkedBlock(
  block: StoredBlock,
  size: number,
  room: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const length = storedLength(block);
  const isPlain = (block.length & STORED_BLOCK) !== 0;
  if (isPlain ? length !== size : length >= size) return undefined;
  const bytes = storedBytes(block, room);
  return bytes !== undefined && checksumOf(bytes) === block.checksum ? bytes : undefined;
}

/** The bytes of a block as they are in its file, in `room`. Undefined if the file cannot be read there, or without room. */
export function storedBytes(
  block: Omit<StoredBlock, "checksum">,
  room: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | undefined {
  const length = storedLength(block);
  if (length > room.length) return undefined;
  const target = room.subarray(0, length);
  try {
    readAtSync({ fd: block.fd, path: "" }, { target, at: block.offset });
    return target;
  } catch {
    // The caller goes on without the block.
    return undefined;
  }
}
