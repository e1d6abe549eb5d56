import { byteClasses } from "./byte-set.ts";
import type { PatternProgram } from "./pattern-program.ts";

/** Counts steps of matching, so that a policy cannot make it endless. */
export interface MatchWork {
  steps: number;
}

const UNKNOWN = -1;
const DEAD = -2;
/** The next state if every continuation of the path matches. */
const ALL = -3;
/** Most states of one pattern. If it needs more, all but the first are dropped and made again. */
const MAX_STATES = 256;
const MIN_STATES = 16;
/** Most members of all states of one pattern. A pattern with many instructions has fewer states. */
const MAX_MEMBERS = 50_000;

interface State {
  /** Instructions of kind `set` and `end`. */
  members: readonly number[];
  /** Whether the path matches regardless of the bytes that follow. */
  accepts: boolean;
  /** Whether the path matches if it ends here. */
  acceptsAtEnd: boolean;
}

/**
 * Matches paths against a pattern. States of a deterministic automaton are made when a path first needs them. Nothing
 * backtracks, so the time is proportional to the length of the path for every pattern.
 */
export class PatternMatcher {
  readonly #program: PatternProgram;
  readonly #work: MatchWork;
  readonly #classes: Uint8Array;
  /** One byte of each class. */
  readonly #samples: readonly number[];
  readonly #states: State[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #maxStates: number;
  /** Next state of each state and class. */
  #steps: Int32Array;

  constructor(program: PatternProgram, work: MatchWork) {
    this.#program = program;
    this.#work = work;
    const sets = program.instructions.flatMap((each) => (each.kind === "set" ? [each.set] : []));
    ({ classes: this.#classes, samples: this.#samples } = byteClasses(sets));
    const fitting = Math.floor(MAX_MEMBERS / program.instructions.length);
    this.#maxStates = Math.max(MIN_STATES, Math.min(MAX_STATES, fitting));
    this.#steps = new Int32Array(0);
    this.#numberOf(this.#closure([program.entry], program.prefix === ""));
  }

  /** Whether `path`, one byte a character, matches. The caller has compared the program's prefix. */
  matches(path: string): boolean {
    if (this.#matchesUpTo(path, path.length)) return true;
    // `$` matches before a line feed at the end as well.
    return path.endsWith("\n") && this.#matchesUpTo(path, path.length - 1);
  }

  #matchesUpTo(path: string, end: number): boolean {
    const start = this.#program.prefix.length;
    if (end < start) return false;
    const first = this.#states[0]!;
    if (first.accepts) return true;
    const width = this.#samples.length;
    let number = 0;
    for (let at = start; at < end; at++) {
      const class_ = this.#classes[path.charCodeAt(at)]!;
      let next = this.#steps[number * width + class_]!;
      if (next === UNKNOWN) next = this.#step(number, class_);
      if (next < 0) {
        this.#work.steps += at - start + 1;
        return next === ALL;
      }
      number = next;
    }
    this.#work.steps += end - start + 1;
    return this.#states[number]!.acceptsAtEnd;
  }

  /** Makes one transition and its target state. */
  #step(number: number, class_: number): number {
    const state = this.#after(this.#states[number]!, class_);
    let next: number;
    if (state.accepts || this.#isUniversal(state)) next = ALL;
    else if (state.members.length === 0) next = DEAD;
    else if (this.#states.length >= this.#maxStates && !this.#numbers.has(keyOf(state))) {
      this.#forget();
      return this.#numberOf(state);
    } else next = this.#numberOf(state);
    this.#steps[number * this.#samples.length + class_] = next;
    return next;
  }

  #after({ members }: State, class_: number): State {
    const byte = this.#samples[class_]!;
    const targets: number[] = [];
    for (const member of members) {
      const instruction = this.#program.instructions[member]!;
      if (instruction.kind === "set" && instruction.set[byte] === 1) targets.push(instruction.next);
    }
    return this.#closure(targets, false);
  }

  /** The instructions that are reached from `entries` without a byte. */
  #closure(entries: readonly number[], atStart: boolean): State {
    const { instructions } = this.#program;
    const seen = new Set<number>();
    let accepts = false;
    const follow = (from: readonly number[], throughEnd: boolean) => {
      const open = [...from];
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (seen.has(at)) continue;
        seen.add(at);
        const instruction = instructions[at]!;
        if (instruction.kind === "fork") open.push(...instruction.targets);
        else if (instruction.kind === "start" && atStart) open.push(instruction.next);
        else if (instruction.kind === "end" && throughEnd) open.push(instruction.next);
        else if (instruction.kind === "accept") accepts = true;
      }
    };
    follow(entries, false);
    const members = [...seen]
      .filter((at) => /^(?:set|end)$/.test(instructions[at]!.kind))
      .sort((a, b) => a - b);
    const result: State = { members, accepts, acceptsAtEnd: accepts };
    const ends = members.flatMap((at) => {
      const instruction = instructions[at]!;
      return instruction.kind === "end" ? [instruction.next] : [];
    });
    if (ends.length > 0) {
      follow(ends, true);
      result.acceptsAtEnd = accepts;
    }
    this.#work.steps += seen.size;
    return result;
  }

  /** Whether the state matches at the end and every byte leads back to it, such as the state after `.*`. */
  #isUniversal(state: State): boolean {
    if (!state.acceptsAtEnd) return false;
    const key = keyOf(state);
    return this.#samples.every((_, class_) => keyOf(this.#after(state, class_)) === key);
  }

  #numberOf(state: State): number {
    const key = keyOf(state);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#states.push(state) - 1;
    this.#numbers.set(key, number);
    const width = this.#samples.length;
    if (this.#steps.length < (number + 1) * width) {
      const larger = new Int32Array(2 * (number + 1) * width).fill(UNKNOWN);
      larger.set(this.#steps);
      this.#steps = larger;
    }
    return number;
  }

  #forget(): void {
    const first = this.#states[0]!;
    this.#states.length = 0;
    this.#numbers.clear();
    this.#steps.fill(UNKNOWN);
    this.#numberOf(first);
  }
}

/** A key that is equal for states with the same transitions. */
function keyOf({ members, accepts }: State): string {
  return `${accepts}:${members.join()}`;
}
