/**
 * The probabilities of LZMA's range coder and the states that choose between them, shared by encoder and decoder
 * (Igor Pavlov, "LZMA specification", 2015).
 */

/** States by the kinds of the last symbols; below this number the last one was a literal. */
export const LITERAL_STATES = 7;
export const MIN_MATCH = 2;
/** Distances below this length have slots of their own. */
export const LENGTH_CLASSES = 4;
/** Slots from this one on code their last four bits with `ALIGN`. */
export const FIRST_ALIGNED_SLOT = 14;

/** Offsets in the table of probabilities. If a state and a position select an entry, each state has 16 entries. */
export const IS_MATCH = 0;
export const IS_REP = 192;
export const IS_REP0 = 204;
export const IS_REP1 = 216;
export const IS_REP2 = 228;
export const IS_REP0_LONG = 240;
export const SLOT = 432;
export const SPECIAL = 688;
export const ALIGN = 816;
export const LENGTH = 832;
export const REP_LENGTH = 1346;
export const LITERAL = 1860;

/** Offsets in a length coder. */
export const LENGTH_LOW = 2;
export const LENGTH_MIDDLE = 130;
export const LENGTH_HIGH = 258;

/** One half, in units of 1/2048. */
const HALF = 1024;

/** Numbers of literal context, literal position and position bits. */
export interface LzmaProperties {
  lc: number;
  lp: number;
  pb: number;
}

/** A table of initial probabilities. */
export function freshProbabilities({ lc, lp }: Pick<LzmaProperties, "lc" | "lp">): Uint16Array {
  return new Uint16Array(LITERAL + (0x300 << (lc + lp))).fill(HALF);
}

export function afterLiteral(state: number): number {
  if (state < 4) return 0;
  return state < 10 ? state - 3 : state - 6;
}

export function afterMatch(state: number): number {
  return state < LITERAL_STATES ? 7 : 10;
}

export function afterRep(state: number): number {
  return state < LITERAL_STATES ? 8 : 11;
}

export function afterShortRep(state: number): number {
  return state < LITERAL_STATES ? 9 : 11;
}
