/** Shows running machines on a terminal in place, or in a log as a line for each phase that has ended. */

import type { Reporter } from "../base/progress.ts";
import type { BootResult, BootWay } from "../boot/boot-result.ts";
import { wayName } from "../boot/boot-result.ts";
import { PHASE_NAMES, type Phase, type PhaseStart, type PhaseTime, phaseTimes } from "../boot/phase.ts";
import { type BootRow, bootTable, finishedRow } from "./boot-table.ts";

/** Milliseconds between two drawings. */
const INTERVAL = 200;

interface Output {
  reporter: Reporter;
  /** Milliseconds of a monotonic clock. */
  clock: () => number;
}

/** Draws the lines for the seconds since the start, again and again, until it is disposed. */
export function drawRepeatedly(
  { reporter, clock }: Output,
  lines: (seconds: number, width: number) => readonly string[],
): Disposable {
  const { width } = reporter;
  if (width === undefined) return { [Symbol.dispose]: () => undefined };
  const start = clock();
  const draw = () => reporter.rows(lines((clock() - start) / 1000, reporter.width ?? width));
  draw();
  const timer = setInterval(draw, INTERVAL);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      reporter.rows([]);
    },
  };
}

/** Follows the machines of a matrix, and shows them until it is disposed. */
export class BootProgress implements Disposable {
  readonly #output: Output;
  readonly #ways: readonly BootWay[];
  readonly #starts = new Map<string, PhaseStart[]>();
  readonly #results = new Map<string, BootResult>();
  readonly #drawing: Disposable;

  constructor(ways: readonly BootWay[], output: Output) {
    this.#ways = ways;
    this.#output = output;
    this.#drawing = drawRepeatedly(output, (_seconds, width) => bootTable(this.#rows(), { width }));
  }

  /** Call this when a phase of the machine begins. */
  begin(way: BootWay, phase: Phase): void {
    const starts = this.#starts.get(wayName(way)) ?? [];
    const now = this.#output.clock();
    const ended = phaseTimes(starts, now).at(-1);
    this.#starts.set(wayName(way), [...starts, { phase, at: now }]);
    if (ended !== undefined) this.#log(way, ended, "");
  }

  /** Call this when the machine has ended. */
  end(result: BootResult): void {
    this.#results.set(wayName(result), result);
    const ended = result.phases.at(-1);
    const { state } = finishedRow(result);
    if (ended !== undefined) this.#log(result, ended, `, ${state} after ${result.seconds.toFixed(1)} s`);
  }

  [Symbol.dispose](): void {
    this.#drawing[Symbol.dispose]();
  }

  #rows(): BootRow[] {
    return this.#ways.map((way) => {
      const result = this.#results.get(wayName(way));
      if (result !== undefined) return finishedRow(result);
      const starts = this.#starts.get(wayName(way));
      if (starts === undefined) return { way, phases: [], state: "waiting" };
      return { way, phases: phaseTimes(starts, this.#output.clock()), state: "running" };
    });
  }

  /** On a terminal the rows already show the phase. */
  #log(way: BootWay, { phase, seconds }: PhaseTime, end: string): void {
    const { reporter } = this.#output;
    if (reporter.width === undefined)
      reporter.info(`${wayName(way)}: ${PHASE_NAMES[phase]} ${seconds.toFixed(1)} s${end}`);
  }
}
