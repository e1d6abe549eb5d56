/** The table of `platter boot`: a row for each machine, while it runs and as a report. */

import { PLAIN, type Style, type Tone } from "../base/style.ts";
import { type BootResult, type BootWay, wayName } from "../boot/boot-result.ts";
import { PHASE_NAMES, PHASES, type PhaseTime } from "../boot/phase.ts";

/** One machine at a moment. */
export interface BootRow {
  way: BootWay;
  /** Empty if the machine has not been switched on. */
  phases: readonly PhaseTime[];
  state: "waiting" | "running" | "booted" | "failed";
}

/** The row of a finished boot. */
export function finishedRow(result: Omit<BootResult, "serialLog">): BootRow {
  const { firmware, media, phases, failure } = result;
  return { way: { firmware, media }, phases, state: failure === undefined ? "booted" : "failed" };
}

/**
 * A heading with the phases, and a line for each machine with its seconds and its state. If the lines are longer than
 * `width`, a line for each machine has only the current phase.
 */
export function bootTable(
  rows: readonly BootRow[],
  { width = Number.POSITIVE_INFINITY, paint = PLAIN.paint }: { width?: number; paint?: Style["paint"] } = {},
): string[] {
  // shim is visible only if it prints a message.
  const columns = PHASES.filter(
    (phase) => phase !== "shim" || rows.some(({ phases }) => phases.some((each) => each.phase === phase)),
  );
  const cells = [
    ["", ...columns.map((phase) => PHASE_NAMES[phase])],
    ...rows.map((row) => [
      wayName(row.way),
      ...columns.map((phase) => secondsText(row.phases.find((each) => each.phase === phase)?.seconds)),
    ]),
  ];
  const states = ["", ...rows.map(stateText)];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((line) => line[column]!.length)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("  "),
  );
  if (lines.some((line, index) => line.length + 2 + states[index]!.length > width))
    return rows.map(shortLine);
  const tones = [undefined, ...rows.map(({ state }) => TONES[state])];
  return lines.map((line, index) => {
    const tone = tones[index];
    const state = states[index]!;
    return `${line}  ${tone === undefined ? state : paint(tone, state)}`.trimEnd();
  });
}

const TONES: Readonly<Record<BootRow["state"], Tone | undefined>> = {
  waiting: undefined,
  running: undefined,
  booted: "good",
  failed: "error",
};

/** The row without columns: `uefi-cd: kernel 3.2 s, 38.1 s in all`. */
function shortLine(row: BootRow): string {
  const current = row.phases.at(-1);
  const phase =
    row.state === "running" && current !== undefined
      ? `${PHASE_NAMES[current.phase]} ${secondsText(current.seconds)}, `
      : "";
  return `${wayName(row.way)}: ${phase}${stateText(row)}`;
}

function stateText({ phases, state }: BootRow): string {
  const total = secondsText(phases.reduce((sum, { seconds }) => sum + seconds, 0));
  switch (state) {
    case "waiting":
      return "waiting";
    case "running":
      return `${total} so far`;
    case "booted":
    case "failed":
      return `${state} ${total}`;
    default: {
      const never: never = state;
      return never;
    }
  }
}

/** Seconds in at most six characters up to 9,999: `8.5 s`, `120 s`. */
export function secondsText(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  return `${seconds.toFixed(seconds < 99.95 ? 1 : 0)} s`;
}
