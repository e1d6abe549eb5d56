import { DataProblem } from "../base/data-problem.ts";
import type { BitReader } from "./bit-reader.ts";

const LONGEST = 20;

/** A canonical Huffman code by the lengths of its symbols. */
export class Huffman {
  /** For each length: the greatest code, and the difference between a code and its index into the symbols. */
  readonly #limits = new Int32Array(LONGEST + 1).fill(-1);
  readonly #offsets = new Int32Array(LONGEST + 1);
  readonly #symbols: number[] = [];

  constructor(lengths: readonly number[]) {
    let code = 0;
    for (let length = 1; length <= LONGEST; length++) {
      this.#offsets[length] = code - this.#symbols.length;
      for (const [symbol, each] of lengths.entries()) {
        if (each !== length) continue;
        this.#symbols.push(symbol);
        code++;
      }
      this.#limits[length] = code - 1;
      code <<= 1;
    }
  }

  /** @throws DataProblem for bits that are not a code */
  read(reader: BitReader): number {
    let code = 0;
    for (let length = 1; length <= LONGEST; length++) {
      code = (code << 1) | reader.bit();
      if (code > this.#limits[length]!) continue;
      const symbol = this.#symbols[code - this.#offsets[length]!];
      if (symbol !== undefined) return symbol;
    }
    throw new DataProblem("has a code that is not valid");
  }

  /** The lengths of a code as they are stored: each as a difference from the one before. @throws DataProblem */
  static readLengths(reader: BitReader, count: number): number[] {
    const lengths: number[] = [];
    let length = reader.bits(5);
    while (lengths.length < count) {
      while (reader.bit() === 1) length += reader.bit() === 0 ? 1 : -1;
      if (length < 1 || length > LONGEST) throw new DataProblem("has a code that is too long");
      lengths.push(length);
    }
    return lengths;
  }
}
