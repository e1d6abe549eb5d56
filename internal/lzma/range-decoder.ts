import { DataProblem } from "../base/data-problem.ts";

/** Bytes before the first bit: a zero and the first code. */
const HEADER = 5;

/**
 * The range coder's reading half: bits with adaptive probabilities from bytes. A byte after the end of the input counts
 * as zero, which `finish` reports. Methods that read several bits keep the state in variables: that takes two thirds
 * of the time.
 */
export class RangeDecoder {
  readonly #input: Uint8Array;
  readonly #probabilities: Uint16Array;
  #at = HEADER;
  /** 32 bits each, as signed numbers: the engine computes with signed numbers. */
  #range = -1;
  #code: number;

  /** @throws DataProblem */
  constructor(input: Uint8Array, probabilities: Uint16Array) {
    if (input.length < HEADER || input[0] !== 0) throw new DataProblem("does not begin as LZMA data does");
    this.#input = input;
    this.#probabilities = probabilities;
    this.#code = (input[1]! << 24) | (input[2]! << 16) | (input[3]! << 8) | input[4]!;
  }

  bit(index: number): number {
    if (this.#range >>> 24 === 0) {
      this.#range <<= 8;
      this.#code = (this.#code << 8) | (this.#input[this.#at++] ?? 0);
    }
    const probability = this.#probabilities[index]!;
    const bound = Math.imul(this.#range >>> 11, probability);
    if ((this.#code ^ SIGN) < (bound ^ SIGN)) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
      return 0;
    }
    this.#range = (this.#range - bound) | 0;
    this.#code = (this.#code - bound) | 0;
    this.#probabilities[index] = probability - (probability >> 5);
    return 1;
  }

  /** A symbol of `bits` bits, the highest first. */
  tree(base: number, bits: number): number {
    const probabilities = this.#probabilities;
    const input = this.#input;
    let range = this.#range;
    let code = this.#code;
    let at = this.#at;
    let node = 1;
    for (let i = 0; i < bits; i++) {
      if (range >>> 24 === 0) {
        range <<= 8;
        code = (code << 8) | (input[at++] ?? 0);
      }
      const probability = probabilities[base + node]!;
      const bound = Math.imul(range >>> 11, probability);
      if ((code ^ SIGN) < (bound ^ SIGN)) {
        range = bound;
        probabilities[base + node] = probability + ((2048 - probability) >> 5);
        node <<= 1;
      } else {
        range = (range - bound) | 0;
        code = (code - bound) | 0;
        probabilities[base + node] = probability - (probability >> 5);
        node = (node << 1) | 1;
      }
    }
    this.#range = range;
    this.#code = code;
    this.#at = at;
    return node - (1 << bits);
  }

  /** A literal after a match: `other` is the byte at the match's distance. */
  matchedLiteral(base: number, other: number): number {
    let node = 1;
    for (let bits = 8; bits > 0; bits--) {
      const wanted = (other >> (bits - 1)) & 1;
      const bit = this.bit(base + ((1 + wanted) << 8) + node);
      node = (node << 1) | bit;
      if (bit === wanted) continue;
      // From here on it is an ordinary literal.
      while (node < 0x100) node = (node << 1) | this.bit(base + node);
      break;
    }
    return node & 0xff;
  }

  /** A symbol of `bits` bits, the lowest first. */
  reverseTree(base: number, bits: number): number {
    let node = 1;
    let symbol = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      symbol |= bit << i;
    }
    return symbol;
  }

  /** Bits of which each is as likely as its opposite, the highest first. */
  direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) {
      if (this.#range >>> 24 === 0) {
        this.#range <<= 8;
        this.#code = (this.#code << 8) | (this.#input[this.#at++] ?? 0);
      }
      this.#range >>>= 1;
      const isOne = (this.#code ^ SIGN) >= (this.#range ^ SIGN);
      if (isOne) this.#code = (this.#code - this.#range) | 0;
      value = value * 2 + (isOne ? 1 : 0);
    }
    return value;
  }

  /** How many bytes the data took. @throws DataProblem unless it ends here */
  finish(): number {
    if (this.#range >>> 24 === 0) {
      this.#range <<= 8;
      this.#code = (this.#code << 8) | (this.#input[this.#at++] ?? 0);
    }
    if (this.#at > this.#input.length || this.#code !== 0) throw new DataProblem("is damaged");
    return this.#at;
  }
}

/** If this bit is changed in two signed numbers, they compare like unsigned numbers. */
const SIGN = 0x80000000 | 0;
