const TOP = 2 ** 24;

/** The range coder's writing half: bits with adaptive probabilities into bytes. */
export class RangeEncoder {
  readonly #probabilities: Uint16Array;
  #out = new Uint8Array(64 * 1024);
  #length = 0;
  #low = 0;
  #range = 0xffffffff;
  /** The last byte that a carry may still change, and how many bytes of 0xff follow it. */
  #cache = 0;
  #pending = 1;

  constructor(probabilities: Uint16Array) {
    this.#probabilities = probabilities;
  }

  bit(index: number, bit: number): void {
    const probability = this.#probabilities[index]!;
    const bound = (this.#range >>> 11) * probability;
    if (bit === 0) {
      this.#range = bound;
      this.#probabilities[index] = probability + ((2048 - probability) >> 5);
    } else {
      this.#low += bound;
      this.#range -= bound;
      this.#probabilities[index] = probability - (probability >> 5);
    }
    this.#normalize();
  }

  /** Bits of which each is as likely as its opposite, the highest first. */
  direct(value: number, bits: number): void {
    for (let i = bits - 1; i >= 0; i--) {
      this.#range >>>= 1;
      if ((value >>> i) & 1) this.#low += this.#range;
      this.#normalize();
    }
  }

  /** A symbol of `bits` bits, the highest first. */
  tree(base: number, bits: number, symbol: number): void {
    for (let i = bits - 1, node = 1; i >= 0; i--) {
      const bit = (symbol >> i) & 1;
      this.bit(base + node, bit);
      node = (node << 1) | bit;
    }
  }

  /** A symbol of `bits` bits, the lowest first. */
  reverseTree(base: number, bits: number, symbol: number): void {
    for (let i = 0, node = 1; i < bits; i++) {
      const bit = (symbol >> i) & 1;
      this.bit(base + node, bit);
      node = (node << 1) | bit;
    }
  }

  finish(): Uint8Array {
    for (let i = 0; i < 5; i++) this.#shift();
    return this.#out.subarray(0, this.#length);
  }

  #normalize(): void {
    if (this.#range >= TOP) return;
    this.#range = (this.#range << 8) >>> 0;
    this.#shift();
  }

  #shift(): void {
    const carry = this.#low >= 2 ** 32 ? 1 : 0;
    if (carry === 1 || this.#low < 0xff000000) {
      this.#put(this.#cache + carry);
      for (; this.#pending > 1; this.#pending--) this.#put(0xff + carry);
      this.#pending = 0;
      this.#cache = (this.#low >>> 24) & 0xff;
    }
    this.#pending++;
    this.#low = (this.#low & 0xffffff) * 256;
  }

  #put(byte: number): void {
    if (this.#length === this.#out.length) {
      const larger = new Uint8Array(this.#out.length * 2);
      larger.set(this.#out);
      this.#out = larger;
    }
    this.#out[this.#length++] = byte;
  }
}
