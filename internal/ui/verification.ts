import type { Problem } from "../iso/read/findings.ts";
import type { VerifyReport } from "../iso/read/verify-report.ts";
import { printable } from "../text/printable.ts";
import { formatBytes } from "./format.ts";

const MARKS = { ok: "ok", warning: "warning", problem: "PROBLEM", absent: "absent" } as const;

/** A report for people: a line a check, and every problem below its check. */
export function renderVerification(report: VerifyReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length)) + 2;
  const lines = report.checks.flatMap(({ name, status, detail, problems }) => [
    `${MARKS[status].padEnd(9)}${name.padEnd(width)}${problems.length > 0 ? "" : detail}`.trimEnd(),
    ...problems.map((problem) => `${" ".repeat(11)}${placeOf(problem)}${problem.detail} [${problem.code}]`),
  ]);
  const label = report.volumeId === undefined ? "no label" : `label ${report.volumeId}`;
  const verdict = report.ok ? "nothing is wrong" : "something is wrong";
  return `${lines.map(printable).join("\n")}\n${printable(label)}, ${formatBytes(report.size)}: ${verdict}\n`;
}

/** Some problems, such as a missing file, have no place. */
function placeOf({ offset }: Problem): string {
  return offset === undefined ? "" : `at byte ${offset}: `;
}
