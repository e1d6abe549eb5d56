import { DataProblem } from "../base/data-problem.ts";
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
import { RangeDecoder } from "./range-decoder.ts";
import type { Window } from "./window.ts";

/** Decompresses LZMA's symbols into a window. Its probabilities stay between calls. */
export class LzmaDecoder {
  readonly #window: Window;
  #properties: LzmaProperties = { lc: 3, lp: 0, pb: 2 };
  #probabilities = freshProbabilities(this.#properties);
  #state = 0;
  #reps = [0, 0, 0, 0];
  /** Bytes since the last reset, as far as literals depend on them. */
  #position = 0;

  constructor(window: Window) {
    this.#window = window;
  }

  /** Resets the probabilities. */
  reset(properties = this.#properties): void {
    this.#properties = properties;
    this.#probabilities = freshProbabilities(properties);
    this.#state = 0;
    this.#reps = [0, 0, 0, 0];
  }

  /** Makes this the start of the content. */
  resetPosition(): void {
    this.#position = 0;
  }

  /** Counts bytes that the caller put into the window. */
  skip(length: number): void {
    this.#position += length;
  }

  /**
   * Decompresses `length` bytes, for which the window has room. Returns how many bytes of the input were used.
   * @throws DataProblem
   */
  decode(input: Uint8Array, length: number): number {
    const { lc, lp, pb } = this.#properties;
    const window = this.#window;
    const { bytes, start } = window;
    const coder = new RangeDecoder(input, this.#probabilities);
    const literalMask = (1 << lp) - 1;
    const positionMask = (1 << pb) - 1;
    const literalShift = 8 - lc;
    let [rep0, rep1, rep2, rep3] = this.#reps as [number, number, number, number];
    let state = this.#state;
    let at = window.end;
    const end = at + length;
    // Positions count from the beginning of the content.
    const shift = this.#position - at;
    while (at < end) {
      const positionState = (at + shift) & positionMask;
      if (coder.bit(IS_MATCH + 16 * state + positionState) === 0) {
        const before = at > start ? bytes[at - 1]! : 0;
        const context = (((at + shift) & literalMask) << lc) + (before >> literalShift);
        const base = LITERAL + 0x300 * context;
        bytes[at++] =
          state < LITERAL_STATES ? coder.tree(base, 8) : coder.matchedLiteral(base, bytes[at - 2 - rep0]!);
        state = afterLiteral(state);
        continue;
      }
      let size: number;
      if (coder.bit(IS_REP + state) === 0) {
        rep3 = rep2;
        rep2 = rep1;
        rep1 = rep0;
        size = readLength(coder, LENGTH, positionState);
        rep0 = readDistance(coder, Math.min(size - MIN_MATCH, LENGTH_CLASSES - 1));
        state = afterMatch(state);
      } else {
        size = 0;
        if (coder.bit(IS_REP0 + state) === 0) {
          if (coder.bit(IS_REP0_LONG + 16 * state + positionState) === 0) size = 1;
        } else {
          let distance = rep1;
          if (coder.bit(IS_REP1 + state) !== 0) {
            distance = rep2;
            if (coder.bit(IS_REP2 + state) !== 0) {
              distance = rep3;
              rep3 = rep2;
            }
            rep2 = rep1;
          }
          rep1 = rep0;
          rep0 = distance;
        }
        if (size === 1) state = afterShortRep(state);
        else {
          size = readLength(coder, REP_LENGTH, positionState);
          state = afterRep(state);
        }
      }
      if (rep0 >= at - start) throw new DataProblem("refers back to before its beginning");
      if (size > end - at) throw new DataProblem("has more content than it says");
      for (const stop = at + size; at < stop; at++) bytes[at] = bytes[at - rep0 - 1]!;
    }
    this.#reps = [rep0, rep1, rep2, rep3];
    this.#state = state;
    this.#position += length;
    window.end = end;
    return coder.finish();
  }
}

function readLength(coder: RangeDecoder, base: number, positionState: number): number {
  if (coder.bit(base) === 0) return MIN_MATCH + coder.tree(base + LENGTH_LOW + 8 * positionState, 3);
  if (coder.bit(base + 1) === 0)
    return MIN_MATCH + 8 + coder.tree(base + LENGTH_MIDDLE + 8 * positionState, 3);
  return MIN_MATCH + 16 + coder.tree(base + LENGTH_HIGH, 8);
}

/** A distance less one. */
function readDistance(coder: RangeDecoder, lengthClass: number): number {
  const slot = coder.tree(SLOT + 64 * lengthClass, 6);
  if (slot < 4) return slot;
  const footer = (slot >> 1) - 1;
  const base = ((2 | (slot & 1)) << footer) >>> 0;
  if (slot < FIRST_ALIGNED_SLOT) return base + coder.reverseTree(SPECIAL + base - slot, footer);
  return base + coder.direct(footer - 4) * 16 + coder.reverseTree(ALIGN, 4);
}
