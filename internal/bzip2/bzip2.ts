import { DataProblem } from "../base/data-problem.ts";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { BitReader } from "./bit-reader.ts";
import { readBlock } from "./block.ts";
import { updateCrc } from "./crc32.ts";

/** More bytes than a compressed block can have. */
const AHEAD = 2 * 1024 * 1024;
/** Bytes that are yielded together. */
const PIECE = 1024 * 1024;
const BLOCK_UNIT = 100_000;
/** 48 bits each, before a block and at the end of a stream. */
const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;

/**
 * Decompresses all bzip2 streams up to the end of a cursor. bzip2 itself is the only specification; the format is
 * described in "bzip2: Format Specification" (Joe Tsai, 2016).
 * @throws DataProblem, and any error of the cursor's source
 */
export async function* bzip2Streams(cursor: ByteCursor): AsyncGenerator<Uint8Array> {
  do {
    yield* bzip2Stream(cursor);
  } while (await cursor.more());
}

async function* bzip2Stream(cursor: ByteCursor): AsyncGenerator<Uint8Array> {
  const header = Buffer.from(await cursor.read(4)).toString("latin1");
  const level = /^BZh([1-9])$/.exec(header)?.[1];
  if (level === undefined) throw new DataProblem("does not begin as bzip2 data does");
  /** Blocks begin at any bit. This many bits of the next byte belong to the block before. */
  let shift = 0;
  let streamSum = 0;
  for (;;) {
    const bytes = await cursor.read(AHEAD);
    const reader = new BitReader(bytes, shift);
    const magic = reader.bits(24) * 2 ** 24 + reader.bits(24);
    const sum = reader.word();
    if (magic === END_MAGIC) {
      if (sum !== streamSum >>> 0) throw new DataProblem("does not have its own checksum");
      cursor.unread(bytes.subarray(Math.ceil(reader.position / 8)));
      return;
    }
    if (magic !== BLOCK_MAGIC) throw new DataProblem("has a block that is damaged");
    const block = readBlock(reader, Number(level) * BLOCK_UNIT);
    cursor.unread(bytes.subarray(reader.position >> 3));
    shift = reader.position & 7;
    let blockSum = -1;
    for (const piece of expanded(block)) {
      blockSum = updateCrc(blockSum, piece);
      yield piece;
    }
    if (~blockSum >>> 0 !== sum) throw new DataProblem("does not have its own checksum");
    streamSum = ((streamSum << 1) | (streamSum >>> 31)) ^ ~blockSum;
  }
}

/** Expands runs: after four equal bytes comes the number of further ones. */
function* expanded(block: Uint8Array): Generator<Uint8Array> {
  let piece = new Uint8Array(PIECE);
  let length = 0;
  let equal = 0;
  let before = -1;
  for (const byte of block) {
    if (length + 256 > PIECE) {
      yield piece.subarray(0, length);
      piece = new Uint8Array(PIECE);
      length = 0;
    }
    if (equal === 4) {
      piece.fill(before, length, length + byte);
      length += byte;
      equal = 0;
      before = -1;
      continue;
    }
    equal = byte === before ? equal + 1 : 1;
    before = byte;
    piece[length++] = byte;
  }
  yield piece.subarray(0, length);
}
