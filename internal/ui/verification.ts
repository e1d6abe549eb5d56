import type { Problem } from "../bytes/problem-log.ts";
import { printable } from "../text/printable.ts";
import type { Verdict } from "../verify/verdict.ts";
import type { VerifyReport } from "../verify/verify-report.ts";
import { bootClaimLines } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";

const MARKS = { ok: "ok", warning: "warning", problem: "PROBLEM", absent: "absent" } as const;

/** A report for people: the verdict, then a line for each check with its problems below it. */
export function renderVerification(report: VerifyReport, verdict: Verdict): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length)) + 2;
  const lines = report.checks.flatMap(({ name, status, detail, problems }) => [
    `${MARKS[status].padEnd(9)}${name.padEnd(width)}${problems.length > 0 ? "" : detail}`.trimEnd(),
    ...problems.map((problem) => `${" ".repeat(11)}${problemText(problem)}`),
  ]);
  const label = report.volumeId === undefined ? "no label" : `label ${report.volumeId}`;
  const all = [...verdictLines(verdict), "", ...lines, "", `${label}, ${formatBytes(report.size)}`];
  return `${all.map(printable).join("\n")}\n`;
}

/** `at byte 32808: the label is wrong [menu-label]`; some problems, such as a missing file, have no place. */
export function problemText({ offset, detail, code }: Problem): string {
  return `${offset === undefined ? "" : `at byte ${offset}: `}${detail} [${code}]`;
}

/** Where the ISO boots, or why that is not known. */
function verdictLines(verdict: Verdict): string[] {
  switch (verdict.kind) {
    case "boots": {
      const [first = "", ...others] = bootClaimLines(verdict.boots);
      return [`boots on: ${first}`, ...others.map((line) => `          ${line}`)];
    }
    case "boots-nowhere":
      return ["boots nowhere", ...bootClaimLines(verdict.boots).map((line) => `  ${line}`)];
    case "incomplete":
      return [`incomplete: ${missingText(verdict)}`];
    case "not-an-iso":
      return [`not an ISO: it ${verdict.reason}`];
    default: {
      const never: never = verdict;
      return never;
    }
  }
}

/** `27.0 MiB of 46.0 MiB are missing (58 %)` */
export function missingText({ missing, volumeSize }: { missing: number; volumeSize: number }): string {
  const share = Math.max(1, Math.min(99, Math.round((100 * missing) / volumeSize)));
  return `${formatBytes(missing)} of ${formatBytes(volumeSize)} are missing (${share} %)`;
}
