import type { ByteRange } from "./byte-range.ts";
import type { ProblemCode } from "./problem-codes.ts";
/** Something wrong with an ISO, as data. A damaged ISO is a problem in the report, and not a failure of its reader. */
export interface Problem {
  /** Stable and lower-case: `gpt-header-crc`. */
  code: ProblemCode;
  /** A sentence without its full stop, which says what is wrong. */
  detail: string;
  /** Byte in the source where it shows. */
  offset?: number;
  /** A warning is for people: the ISO works in spite of it, and the check does not fail. */
  severity?: "warning";
}

/** Bytes of which a change of any one is a {@link Problem} in the reader that names them. */
export interface Structure extends ByteRange {
  name: string;
}

export interface Reading<T> {
  value: T;
  problems: readonly Problem[];
  structures: readonly Structure[];
}

/** More would only be noise. */
const MAX_PROBLEMS = 200;
/** The list is for tests and for curious people; a hostile ISO must not fill the memory with it. */
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

  /** Takes over what another reader found. */
  add(other: { problems: readonly Problem[]; structures: readonly Structure[] }): void {
    for (const problem of other.problems) this.note(problem);
    for (const structure of other.structures) this.covers(structure);
  }

  reading<T>(value: T): Reading<T> {
    return { value, problems: this.problems, structures: this.structures };
  }
}
