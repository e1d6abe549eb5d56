import type { ByteRange } from "../bytes/byte-range.ts";
import type { ProblemCode } from "../bytes/problem-codes.ts";
/** Where the reader gets its bytes: a file, or a part of one. */
export interface FatSource {
  /** Bytes in all. */
  readonly size: number;
  /** The bytes at `offset`; fewer than `length` only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Something wrong with a file system, as data. A damaged file system is a problem, and not a failure of its reader. */
export interface FatProblem {
  /** Stable and lower-case: `chain-loop`. */
  code: ProblemCode;
  detail: string;
  /** Byte in the source where it shows. */
  offset?: number;
}

/** Bytes of which a change of any one is a {@link FatProblem}. */
export interface FatStructure extends ByteRange {
  name: string;
}
