/** One part of a pattern: a character, a set of characters, or a number of characters. */
export type GlobPart =
  | { readonly kind: "one"; readonly character: string }
  | { readonly kind: "set"; readonly has: RegExp }
  /** Any characters except slashes. */
  | { readonly kind: "name" }
  /** Any number of names, each with a slash after it. */
  | { readonly kind: "folders" }
  /** Any characters. */
  | { readonly kind: "anything" };

/** A position in the pattern at which a match may continue. `next` is reached without a character. */
interface State {
  readonly accepts: (character: string) => number | undefined;
  readonly next: number | undefined;
}

/**
 * Whether a text matches all of a pattern. All positions in the pattern that a prefix of the text can reach are
 * followed together, so the time is proportional to the length of the text times that of the pattern.
 */
export function compileGlob(parts: readonly GlobPart[]): (text: string) => boolean {
  const literals = parts.findIndex(({ kind }) => kind !== "one");
  const start = literals < 0 ? parts.length : literals;
  const prefix = parts
    .slice(0, start)
    .map((part) => (part.kind === "one" ? part.character : ""))
    .join("");
  const states = new States(parts.slice(start).flatMap(statesOf));
  return (text) => text.startsWith(prefix) && states.run(text.slice(prefix.length));
}

/** A part as one or two states; numbers of states are relative to the first. */
function statesOf(part: GlobPart): State[] {
  switch (part.kind) {
    case "one":
      return [{ accepts: (character) => (character === part.character ? 1 : undefined), next: undefined }];
    case "set":
      return [{ accepts: (character) => (part.has.test(character) ? 1 : undefined), next: undefined }];
    case "name":
      return [{ accepts: (character) => (character === "/" ? undefined : 0), next: 1 }];
    case "anything":
      return [{ accepts: () => 0, next: 1 }];
    case "folders":
      return [
        { accepts: (character) => (character === "/" ? 0 : 1), next: 2 },
        // Within a name.
        { accepts: (character) => (character === "/" ? -1 : 0), next: undefined },
      ];
    default:
      return part satisfies never;
  }
}

/** Follows the states of a pattern. Its arrays are reused for each text, since there are many texts. */
class States {
  readonly #states: readonly State[];
  #reached: number[] = [];
  #after: number[] = [];
  /** The step at which each state was last reached. */
  readonly #seen: Uint32Array;
  #step = 0;

  constructor(states: readonly State[]) {
    this.#states = states;
    this.#seen = new Uint32Array(states.length + 1);
  }

  run(text: string): boolean {
    this.#seen.fill(0);
    this.#step = 1;
    this.#reached.length = 0;
    this.#reach(this.#reached, 0);
    for (const character of text) {
      this.#step++;
      this.#after.length = 0;
      for (const index of this.#reached) {
        const step = this.#states[index]?.accepts(character);
        if (step !== undefined) this.#reach(this.#after, index + step);
      }
      [this.#reached, this.#after] = [this.#after, this.#reached];
      if (this.#reached.length === 0) return false;
    }
    return this.#reached.includes(this.#states.length);
  }

  /** Adds a state and all that follow it without a character. */
  #reach(reached: number[], index: number): void {
    for (let at = index; this.#seen[at] !== this.#step; ) {
      this.#seen[at] = this.#step;
      reached.push(at);
      const next = this.#states[at]?.next;
      if (next === undefined) return;
      at += next;
    }
  }
}
