import { DataProblem } from "../base/data-problem.ts";
import type { BitReader } from "./bit-reader.ts";
import { Huffman } from "./huffman.ts";

/** Symbols coded with one table before the next selector. */
const GROUP = 50;
const MAX_TABLES = 6;
/** The first two symbols are digits of a run's length. */
const RUN_B = 1;

/**
 * The content of a block after its checksum. Four equal bytes are still followed by a count. `limit` is the most bytes
 * that a block of this stream has.
 * @throws DataProblem
 */
export function readBlock(reader: BitReader, limit: number): Uint8Array {
  if (reader.bit() === 1)
    throw new DataProblem("has a randomised block, as bzip2 0.9 wrote it", "unsupported");
  const origin = reader.bits(24);
  const used = readAlphabet(reader);
  const last = readLastColumn(reader, used, limit);
  if (origin >= last.length) throw new DataProblem("has a block that is damaged");
  return untransform(last, origin);
}

function readAlphabet(reader: BitReader): number[] {
  const groups = reader.bits(16);
  const used: number[] = [];
  for (let high = 0; high < 16; high++) {
    if (((groups >> (15 - high)) & 1) === 0) continue;
    const bits = reader.bits(16);
    for (let low = 0; low < 16; low++) if ((bits >> (15 - low)) & 1) used.push(high * 16 + low);
  }
  if (used.length === 0) throw new DataProblem("has a block that is damaged");
  return used;
}

/** Undoes Huffman codes, runs and move-to-front. The result is the last column of the sorted rotations. */
function readLastColumn(reader: BitReader, used: readonly number[], limit: number): Uint8Array {
  const tableCount = reader.bits(3);
  const selectorCount = reader.bits(15);
  if (tableCount < 2 || tableCount > MAX_TABLES || selectorCount === 0)
    throw new DataProblem("has a block that is damaged");
  const selectors = readSelectors(reader, selectorCount, tableCount);
  const end = used.length + 1;
  const tables = Array.from(
    { length: tableCount },
    () => new Huffman(Huffman.readLengths(reader, used.length + 2)),
  );
  const order = Uint8Array.from(used);
  const column = new Uint8Array(limit);
  let length = 0;
  let run = 0;
  let digit = 1;
  for (const selector of selectors) {
    for (let i = 0; i < GROUP; i++) {
      const symbol = tables[selector]!.read(reader);
      if (symbol <= RUN_B) {
        run += digit << symbol;
        digit <<= 1;
        if (run > limit) throw tooLong();
        continue;
      }
      if (length + run + 1 > limit + (symbol === end ? 1 : 0)) throw tooLong();
      column.fill(order[0]!, length, length + run);
      length += run;
      [run, digit] = [0, 1];
      if (symbol === end) return column.subarray(0, length);
      const byte = order[symbol - 1]!;
      order.copyWithin(1, 0, symbol - 1);
      order[0] = byte;
      column[length++] = byte;
    }
  }
  throw new DataProblem("has a block without an end");
}

/** The table of each group, stored as positions in a move-to-front list. */
function readSelectors(reader: BitReader, count: number, tables: number): number[] {
  const order = Array.from({ length: tables }, (_, i) => i);
  return Array.from({ length: count }, () => {
    let at = 0;
    while (reader.bit() === 1) at++;
    if (at >= tables) throw new DataProblem("has a block that is damaged");
    const [table] = order.splice(at, 1) as [number];
    order.unshift(table);
    return table;
  });
}

/** Undoes the Burrows-Wheeler transform. */
function untransform(last: Uint8Array, origin: number): Uint8Array {
  const starts = new Int32Array(257);
  for (const byte of last) starts[byte + 1]!++;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1]! += starts[byte]!;
  const next = new Int32Array(last.length);
  for (let i = 0; i < last.length; i++) next[starts[last[i]!]!++] = i;
  const content = new Uint8Array(last.length);
  let at = next[origin]!;
  for (let i = 0; i < content.length; i++) {
    content[i] = last[at]!;
    at = next[at]!;
  }
  return content;
}

function tooLong(): DataProblem {
  return new DataProblem("has a block that is too long");
}
