import { DataProblem } from "../base/data-problem.ts";

/** Reads bits from bytes, the highest of each byte first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** Bits read so far. */
  position: number;

  constructor(bytes: Uint8Array, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  /** Up to 24 bits. @throws DataProblem at the end */
  bits(count: number): number {
    const at = this.position >> 3;
    const shift = this.position & 7;
    this.position += count;
    if (this.position > this.#bytes.length * 8) throw new DataProblem("ends too early");
    const word =
      (this.#bytes[at]! << 24) |
      ((this.#bytes[at + 1] ?? 0) << 16) |
      ((this.#bytes[at + 2] ?? 0) << 8) |
      (this.#bytes[at + 3] ?? 0);
    return (word << shift) >>> (32 - count);
  }

  bit(): number {
    return this.bits(1);
  }

  /** 32 bits, not negative. */
  word(): number {
    return this.bits(16) * 2 ** 16 + this.bits(16);
  }
}
