import { type Match, MatchFinder } from "./match-finder.ts";
import {
  ALIGN,
  afterLiteral,
  afterMatch,
  afterRep,
  afterShortRep,
  FIRST_ALIGNED_SLOT,
  freshProbabilities,
  IS_MATCH,
  IS_REP,
  IS_REP0,
  IS_REP0_LONG,
  IS_REP1,
  IS_REP2,
  LENGTH,
  LENGTH_CLASSES,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MIDDLE,
  LITERAL,
  LITERAL_STATES,
  type LzmaProperties,
  MIN_MATCH,
  REP_LENGTH,
  SLOT,
  SPECIAL,
} from "./model.ts";
import { RangeEncoder } from "./range-encoder.ts";

/** For a match of at least this length the next position is not tried. */
const LONG_ENOUGH = 64;

/**
 * Compresses to a raw LZMA1 stream, without header and end marker. The same input gives the same bytes.
 * `dictionary` is the greatest distance that the stream refers back, in bytes.
 */
export function encodeLzma(input: Uint8Array, options: LzmaProperties & { dictionary: number }): Uint8Array {
  const encoder = new SymbolEncoder(input, options);
  const finder = new MatchFinder(input, options.dictionary);
  let found = finder.longest(0);
  while (encoder.position < input.length) {
    const { position } = encoder;
    const rep = longestRep(finder, position, encoder.reps);
    if (rep.length >= MIN_MATCH && isRepBetter(rep.length, found)) {
      encoder.rep(rep.index, rep.length);
      found = finder.longest(encoder.position);
      continue;
    }
    const next = found.length < LONG_ENOUGH ? finder.longest(position + 1) : undefined;
    if (isWorthwhile(found) && !(next !== undefined && isNextBetter(next, found))) {
      encoder.match(found.distance, found.length);
      found = finder.longest(encoder.position);
    } else {
      encoder.single();
      found = next ?? finder.longest(encoder.position);
    }
  }
  return encoder.finish();
}

function longestRep(finder: MatchFinder, position: number, reps: readonly number[]) {
  const best = { index: 0, length: 0 };
  for (const [index, distance] of reps.entries()) {
    const length = finder.lengthAt(position, distance);
    if (length > best.length) Object.assign(best, { index, length });
  }
  return best;
}

/** A repeated distance costs a few bits. Another distance costs more bits the greater it is. */
function isRepBetter(length: number, { length: other, distance }: Match): boolean {
  if (length + 1 >= other) return true;
  if (length + 2 >= other) return distance >= 1 << 9;
  return length + 3 >= other && distance >= 1 << 15;
}

/** Three literals cost less than a short match from far away. */
function isWorthwhile({ length, distance }: Match): boolean {
  return length > 3 || (length === 3 && distance < 1 << 12);
}

function isNextBetter(next: Match, now: Match): boolean {
  if (next.length > now.length + 1) return true;
  if (next.length === now.length + 1) return next.distance >> 7 <= now.distance;
  return next.length === now.length && next.distance < now.distance >> 7;
}

/** Writes literals and matches, and the state that their coding depends on. */
class SymbolEncoder {
  position = 0;
  /** The last four distances, the latest first. */
  reps: readonly number[] = [1, 1, 1, 1];
  #state = 0;
  readonly #input: Uint8Array;
  readonly #properties: LzmaProperties;
  readonly #coder: RangeEncoder;

  constructor(input: Uint8Array, properties: LzmaProperties) {
    this.#input = input;
    this.#properties = properties;
    this.#coder = new RangeEncoder(freshProbabilities(properties));
  }

  finish(): Uint8Array {
    return this.#coder.finish();
  }

  /**
   * Encodes the next byte: as a repetition of the last distance if that is possible, which costs least, or as a
   * literal.
   */
  single(): void {
    const distance = this.reps[0]!;
    if (distance > this.position || this.#byte(0) !== this.#byte(distance)) {
      this.#literal();
      return;
    }
    this.#coder.bit(IS_MATCH + this.#stateAndPosition(), 1);
    this.#coder.bit(IS_REP + this.#state, 1);
    this.#coder.bit(IS_REP0 + this.#state, 0);
    this.#coder.bit(IS_REP0_LONG + this.#stateAndPosition(), 0);
    this.#state = afterShortRep(this.#state);
    this.position++;
  }

  rep(index: number, length: number): void {
    const coder = this.#coder;
    coder.bit(IS_MATCH + this.#stateAndPosition(), 1);
    coder.bit(IS_REP + this.#state, 1);
    coder.bit(IS_REP0 + this.#state, index === 0 ? 0 : 1);
    if (index === 0) coder.bit(IS_REP0_LONG + this.#stateAndPosition(), 1);
    else coder.bit(IS_REP1 + this.#state, index === 1 ? 0 : 1);
    if (index > 1) coder.bit(IS_REP2 + this.#state, index === 2 ? 0 : 1);
    const distance = this.reps[index]!;
    this.reps = [distance, ...this.reps.filter((_, i) => i !== index)];
    this.#length(REP_LENGTH, length);
    this.#state = afterRep(this.#state);
    this.position += length;
  }

  match(distance: number, length: number): void {
    this.#coder.bit(IS_MATCH + this.#stateAndPosition(), 1);
    this.#coder.bit(IS_REP + this.#state, 0);
    this.#length(LENGTH, length);
    this.#distance(distance - 1, Math.min(length - MIN_MATCH, LENGTH_CLASSES - 1));
    this.reps = [distance, ...this.reps.slice(0, 3)];
    this.#state = afterMatch(this.#state);
    this.position += length;
  }

  #literal(): void {
    const { lc, lp } = this.#properties;
    const before = this.position === 0 ? 0 : this.#byte(1);
    const context = ((this.position & ((1 << lp) - 1)) << lc) + (before >> (8 - lc));
    const base = LITERAL + 0x300 * context;
    this.#coder.bit(IS_MATCH + this.#stateAndPosition(), 0);
    // After a match the byte at its distance is known to differ: the coding follows it as long as the bits are the same.
    const expected = this.#state < LITERAL_STATES ? undefined : this.#byte(this.reps[0]!);
    let isSame = expected !== undefined;
    for (let i = 7, node = 1; i >= 0; i--) {
      const bit = (this.#byte(0) >> i) & 1;
      const other = ((expected ?? 0) >> i) & 1;
      this.#coder.bit(base + (isSame ? (1 + other) << 8 : 0) + node, bit);
      isSame &&= other === bit;
      node = (node << 1) | bit;
    }
    this.#state = afterLiteral(this.#state);
    this.position++;
  }

  #length(base: number, length: number): void {
    const coder = this.#coder;
    const symbol = length - MIN_MATCH;
    coder.bit(base, symbol < 8 ? 0 : 1);
    if (symbol >= 8) coder.bit(base + 1, symbol < 16 ? 0 : 1);
    if (symbol < 8) coder.tree(base + LENGTH_LOW + 8 * this.#positionBits(), 3, symbol);
    else if (symbol < 16) coder.tree(base + LENGTH_MIDDLE + 8 * this.#positionBits(), 3, symbol - 8);
    else coder.tree(base + LENGTH_HIGH, 8, symbol - 16);
  }

  /** A distance less one: its slot says its length in bits and its second highest bit. */
  #distance(value: number, lengthClass: number): void {
    const coder = this.#coder;
    const bits = 32 - Math.clz32(value);
    const slot = value < 4 ? value : 2 * (bits - 1) + ((value >> (bits - 2)) & 1);
    coder.tree(SLOT + 64 * lengthClass, 6, slot);
    if (slot < 4) return;
    const footer = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << footer;
    const rest = value - base;
    if (slot < FIRST_ALIGNED_SLOT) coder.reverseTree(SPECIAL + base - slot, footer, rest);
    else {
      coder.direct(rest >>> 4, footer - 4);
      coder.reverseTree(ALIGN, 4, rest & 15);
    }
  }

  /** The byte `distance` bytes before the position. */
  #byte(distance: number): number {
    return this.#input[this.position - distance]!;
  }

  #positionBits(): number {
    return this.position & ((1 << this.#properties.pb) - 1);
  }

  #stateAndPosition(): number {
    return 16 * this.#state + this.#positionBits();
  }
}
