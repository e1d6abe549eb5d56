import type { ByteRange } from "../bytes/byte-range.ts";
import type { ProblemCode } from "../bytes/problem-codes.ts";
/** The bytes that the reader reads: a file, or a part of a file. */
export interface FatSource {
  /** Length in bytes. */
  readonly size: number;
  /** The bytes at `offset`; fewer than `length` only at the end of the source. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A problem of a file system, as data. The reader does not throw for a damaged file system. */
export interface FatProblem {
  /** Stable and lower-case: `chain-loop`. */
  code: ProblemCode;
  detail: string;
  /** Offset in the source at which the problem is visible. */
  offset?: number;
}

/** A byte range in which any single changed byte is a {@link FatProblem}. */
export interface FatStructure extends ByteRange {
  name: string;
}
