import type { ByteRange } from "./byte-range.ts";
import type { ProblemCode } from "./problem-codes.ts";
/** A problem of an ISO, as data. The reader does not throw for a damaged ISO. */
export interface Problem {
  /** Stable and lower-case: `gpt-header-crc`. */
  code: ProblemCode;
  /** One sentence about the problem, without a full stop. */
  detail: string;
  /** Offset in the source at which the problem is visible. */
  offset?: number;
  /** After a warning the ISO still works, and the check does not fail. */
  severity?: "warning";
}

/** A byte range in which the reader reports any single changed byte as a {@link Problem}. */
export interface Structure extends ByteRange {
  name: string;
}

export interface Reading<T> {
  value: T;
  problems: readonly Problem[];
  structures: readonly Structure[];
}

/** Most problems that are kept of one part of an ISO, because more would not help a reader. */
export const MAX_PROBLEMS = 200;
/** A hostile ISO must not fill the memory with this list. */
const MAX_STRUCTURES = 200_000;

/** The problems and structures that a reader of an ISO reports. */
export class ProblemLog {
  readonly problems: Problem[] = [];
  readonly structures: Structure[] = [];
  readonly #base: number;

  /** @param base is added to every offset: where the part that is read begins in the whole. */
  constructor(base = 0) {
    this.#base = base;
  }

  /** Whether reading further is useless. */
  get isFull(): boolean {
    return this.problems.length >= MAX_PROBLEMS;
  }

  note(problem: Problem): void {
    if (this.isFull) return;
    const { offset } = problem;
    this.problems.push(offset === undefined ? problem : { ...problem, offset: offset + this.#base });
  }

  covers(structure: Structure): void {
    if (structure.length <= 0 || this.structures.length >= MAX_STRUCTURES) return;
    this.structures.push({ ...structure, start: structure.start + this.#base });
  }

  /** Adds the problems and structures of another reader. */
  add(other: { problems: readonly Problem[]; structures: readonly Structure[] }): void {
    for (const problem of other.problems) this.note(problem);
    for (const structure of other.structures) this.covers(structure);
  }

  reading<T>(value: T): Reading<T> {
    return { value, problems: this.problems, structures: this.structures };
  }
}
