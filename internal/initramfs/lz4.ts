import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { broken } from "./problem.ts";

/** First bytes of the legacy format, little-endian (lz4_Frame_format.md, "Legacy frame"). */
const MAGIC = 0x184c2102;
/** Largest block when decompressed. */
const BLOCK = 8 * 1024 * 1024;
/** Largest block when compressed: incompressible data grows a little. */
const STORED = BLOCK + Math.floor(BLOCK / 255) + 16;
const MIN_MATCH = 4;

/**
 * Decompresses lz4's legacy format, which has no end mark: as the kernel does it (lib/decompress_unlz4.c), up to a
 * block size of zero or the end of the stream.
 * @throws InitramfsProblem
 */
export async function* lz4Legacy(cursor: ByteCursor): AsyncGenerator<Uint8Array> {
  const output = new Uint8Array(BLOCK);
  for (;;) {
    const place = cursor.position;
    const field = await cursor.read(4);
    const size = field.length < 4 ? 0 : Buffer.from(field).readUInt32LE();
    if (size === MAGIC) continue;
    if (size === 0) return;
    if (size > STORED)
      throw broken(`has an lz4 block of ${size} bytes at byte ${place}, more than a block can have`);
    const block = await cursor.read(size);
    if (block.length < size) throw broken(`ends within the lz4 block at byte ${place}`);
    const length = decodeBlock(block, output);
    if (length === undefined) throw broken(`has a damaged lz4 block at byte ${place}`);
    yield output.subarray(0, length);
  }
}

/** Below this many bytes a loop is faster than a call. */
const SHORT = 32;

/**
 * Decompresses one block (lz4_Block_format.md); returns the length of the output in bytes, or undefined for a damaged
 * block.
 */
function decodeBlock(block: Uint8Array, output: Uint8Array): number | undefined {
  let at = 0;
  let end = 0;
  while (at < block.length) {
    const token = block[at++]!;
    let literals = token >> 4;
    // A length of 15 continues in the following bytes, up to a byte that is not 255.
    for (let more = literals === 15 ? 255 : 0; more === 255; literals += more) more = block[at++] ?? 0;
    if (at + literals > block.length || end + literals > output.length) return undefined;
    if (literals < SHORT) for (let i = 0; i < literals; i++) output[end + i] = block[at + i]!;
    else output.set(block.subarray(at, at + literals), end);
    at += literals;
    end += literals;
    // The last sequence has literals only.
    if (at === block.length) return end;
    const offset = block[at]! | ((block[at + 1] ?? 0) << 8);
    at += 2;
    let match = token & 15;
    for (let more = match === 15 ? 255 : 0; more === 255; match += more) more = block[at++] ?? 0;
    match += MIN_MATCH;
    if (offset === 0 || offset > end || at > block.length || end + match > output.length) return undefined;
    const from = end - offset;
    if (match < SHORT || offset < match) for (let i = 0; i < match; i++) output[end + i] = output[from + i]!;
    else output.copyWithin(end, from, from + match);
    end += match;
  }
  return undefined;
}
