/** A step of a run, as it is reported. */
interface Step {
  state: "waiting" | "running" | "ended";
  /** Lines that are printed when all earlier steps have ended. */
  held: string[];
}

/** Puts what is reported about the steps of a run into the order of the steps. */
export class StepQueue {
  readonly #names: readonly string[];
  readonly #steps: readonly Step[];
  /** Index of the first step whose end was not printed. */
  #next = 0;
  readonly #print: (lines: readonly string[]) => void;

  constructor(names: readonly string[], print: (lines: readonly string[]) => void) {
    this.#names = names;
    this.#steps = names.map(() => ({ state: "waiting", held: [] }));
    this.#print = print;
  }

  /** Whether the first step has not started yet. */
  get isBeforeFirst(): boolean {
    return this.#steps[0]?.state === "waiting";
  }

  /** Starts the step of this name, and returns its index. Undefined if no waiting step has the name. */
  start(name: string): number | undefined {
    const index = this.#names.findIndex((each, at) => each === name && this.#steps[at]?.state === "waiting");
    const step = this.#steps[index];
    if (step === undefined) return undefined;
    step.state = "running";
    return index;
  }

  /** Ends a step with its last lines. */
  end(index: number, lines: readonly string[]): void {
    const step = this.#steps[index];
    if (step === undefined || step.state === "ended") return;
    step.state = "ended";
    step.held.push(...lines);
    for (; this.#steps[this.#next]?.state === "ended"; this.#next++) this.#flush(this.#next);
  }

  /** Prints lines that belong to a step when its turn comes. Lines without a step are printed immediately. */
  add(lines: readonly string[], name?: string): void {
    const index = name === undefined ? -1 : this.#names.lastIndexOf(name);
    const isLater = index > this.#next;
    if (isLater) this.#steps[index]?.held.push(...lines);
    else this.#print(lines);
  }

  /** Prints the lines of steps that have not ended. A run that failed has such steps. */
  flush(): void {
    for (const index of this.#steps.keys()) this.#flush(index);
  }

  /** `[5/6] squash`, or the padded name if there is only one step. */
  title(index: number): string {
    const count = this.#names.length;
    const width = Math.max(...this.#names.map((name) => name.length));
    const name = this.#names[index]?.padEnd(width) ?? "";
    return count < 2 ? name : `[${String(index + 1).padStart(String(count).length)}/${count}] ${name}`;
  }

  #flush(index: number): void {
    this.#print(this.#steps[index]?.held.splice(0) ?? []);
  }
}
