const HASH_BITS = 15;
/** The most earlier positions that are compared. More positions would save less than 1 % of the output. */
const LONGEST_CHAIN = 64;
const MAX_LENGTH = 273;

/** An earlier position with the same bytes. */
export interface Match {
  length: number;
  /** 1 is the byte before. */
  distance: number;
}

/** Finds earlier positions with the same bytes, by chains of positions whose first three bytes have the same hash. */
export class MatchFinder {
  readonly #input: Uint8Array;
  readonly #window: number;
  readonly #heads = new Int32Array(1 << HASH_BITS).fill(-1);
  readonly #previous: Int32Array;
  #known = 0;

  /** `window` is the greatest distance. */
  constructor(input: Uint8Array, window: number) {
    this.#input = input;
    this.#window = window;
    this.#previous = new Int32Array(input.length);
  }

  /** The longest match at a position; of several, the nearest match. Positions must not go back. */
  longest(position: number): Match {
    while (this.#known < position) this.#add(this.#known++);
    const best = { length: 0, distance: 0 };
    if (position + 3 > this.#input.length) return best;
    let at = this.#heads[this.#hash(position)]!;
    for (let tries = LONGEST_CHAIN; tries > 0 && at >= 0 && position - at <= this.#window; tries--) {
      const length = this.lengthAt(position, position - at);
      if (length > best.length) Object.assign(best, { length, distance: position - at });
      at = this.#previous[at]!;
    }
    return best;
  }

  /** How many bytes are the same as `distance` bytes before. */
  lengthAt(position: number, distance: number): number {
    if (distance > position) return 0;
    const input = this.#input;
    const limit = Math.min(MAX_LENGTH, input.length - position);
    let length = 0;
    while (length < limit && input[position + length] === input[position - distance + length]) length++;
    return length;
  }

  #add(position: number): void {
    if (position + 3 > this.#input.length) return;
    const hash = this.#hash(position);
    this.#previous[position] = this.#heads[hash]!;
    this.#heads[hash] = position;
  }

  #hash(position: number): number {
    const input = this.#input;
    const word = input[position]! | (input[position + 1]! << 8) | (input[position + 2]! << 16);
    return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
  }
}
