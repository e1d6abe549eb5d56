import type { Style, Tone } from "../base/style.ts";
import { MAX_PROBLEMS, type Problem } from "../bytes/problem-log.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/printable.ts";
import type { Verdict } from "../verify/verdict.ts";
import type { Check, CheckCode, VerifyReport } from "../verify/verify-report.ts";
import { bootClaimLines, verdictMark } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";
import { type Row, rowLines } from "./rows.ts";

const MARKS: Readonly<Record<Check["status"], readonly [tone: Tone, word: string]>> = {
  ok: ["good", "ok"],
  warning: ["warning", "warning"],
  problem: ["error", "PROBLEM"],
  absent: ["dim", "none"],
};

/** Parts that some firmware, or GRUB, needs. An ISO without the other parts boots too. */
const NEEDED: ReadonlySet<CheckCode> = new Set([
  "volume-descriptors",
  "iso-tree",
  "el-torito",
  "bios-image",
  "mbr",
  "esp",
  "efi-programs",
  "grub-menus",
]);
const MISSING = ["warning", "missing"] as const;
/** Most problems of one check that are shown. */
const SHOWN_PROBLEMS = 10;

/** A report for people: the answer, where the ISO boots, then a row for each check with its problems below it. */
export function renderVerification(
  iso: string,
  { report, verdict }: { report: VerifyReport; verdict: Verdict },
  style: Style,
): string {
  const { checks, volumeId, size } = report;
  const label = volumeId === undefined ? "no label" : `label ${printable(volumeId)}`;
  const boots = "boots" in verdict ? verdict.boots : undefined;
  const head: Row[] = [["  ISO", `${label}   ${formatBytes(size)}`]];
  if (boots !== undefined) head.unshift(["  boots", ...bootClaimLines(boots, style)]);
  const rows = checks.map(({ code, name, status, detail, problems }): Row => {
    const [tone, word] = status === "absent" && NEEDED.has(code) ? MISSING : MARKS[status];
    const lines = problems.length > 0 ? problemLines(problems) : detail.split("; ");
    return [`${style.paint(tone, word.padEnd(7))}  ${printable(name)}`, ...lines.map(printable)];
  });
  const isWhole = report.ok || boots === undefined;
  const mark = isWhole ? verdictMark(boots, style) : style.paint("warning", "!");
  const lines = [
    `${mark} ${printable(`${iso} ${answer(report, verdict)}`)}`,
    ...rowLines(head, style),
    "",
    ...rowLines(rows, style),
  ];
  return `${lines.join("\n")}\n`;
}

/** The first problems, and how many more there are. */
function problemLines(problems: readonly Problem[]): string[] {
  const lines = problems.slice(0, SHOWN_PROBLEMS).map(problemText);
  const more = problems.length - lines.length;
  if (more > 0) {
    const least = problems.length < MAX_PROBLEMS ? "" : "at least ";
    lines.push(`and ${least}${counted(more, "more problem")}; \`--json\` shows up to ${MAX_PROBLEMS}`);
  }
  return lines;
}

/** `at byte 32808: the label is wrong [menu-label]`; some problems, such as a missing file, have no place. */
export function problemText({ offset, detail, code }: Problem): string {
  return `${offset === undefined ? "" : `at byte ${offset}: `}${detail} [${code}]`;
}

/** The answer, which completes the name of the ISO. */
function answer({ ok }: VerifyReport, verdict: Verdict): string {
  switch (verdict.kind) {
    case "boots":
      return ok ? "is complete and boots" : "boots, but has problems";
    case "boots-nowhere":
      return "boots nowhere";
    case "incomplete":
      return `is incomplete: ${missingText(verdict)}`;
    case "not-an-iso":
      return `is not an ISO: it ${verdict.reason}`;
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
