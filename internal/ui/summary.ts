import { relative } from "node:path";
import type { Style } from "../base/style.ts";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Finding } from "../contract/findings/finding.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { commandLine } from "../process/command-line.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/printable.ts";
import { bootClaimLines, verdictMark } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";
import { type Row, rowLines } from "./rows.ts";

/** A finished ISO. */
export interface BuiltIso {
  /** Absolute path. Undefined if the ISO was written to standard output. */
  path: string | undefined;
  /** Bytes. */
  size: number;
  /** In hexadecimal. Undefined if nothing needed it. */
  sha256: string | undefined;
  /** Absolute paths of other files that the build wrote. */
  records: readonly string[];
  plan: Pick<Plan, "label" | "kernel" | "architecture" | "payloads">;
  boots: BootClaims;
  /** The findings that were reported. */
  findings: readonly Finding[];
  /** Compressed bytes of the root file system, and how many of them are from earlier builds. */
  reused: { bytes: number; of: number } | undefined;
  /** How this build came by the root file system. */
  rootfs: "made" | "cached" | "unchanged";
  /** The number of layers, and of those that were read. */
  layers: { read: number; of: number } | undefined;
}

/** The lines that a finished build prints about its ISO. `folder` is the current folder. */
export function summaryLines(iso: BuiltIso, { style, folder }: { style: Style; folder: string }): string[] {
  const { plan, boots } = iso;
  const savings = savedText(iso);
  const path = iso.path === undefined ? undefined : shownPath(iso.path, folder);
  const { label, architecture, payloads } = plan;
  const facts = [
    printable(path ?? "standard output"),
    formatBytes(iso.size),
    `label ${printable(label)}`,
    architecture,
  ];
  const rows: Row[] = [
    [`  boots`, ...bootClaimLines(boots, style)],
    ["  kernel", printable(plan.kernel.version)],
    ...payloads.map(({ names, digest }): Row => ["  payload", printable(names.join(" ") || digest)]),
    ...(iso.sha256 === undefined ? [] : [["  sha256", iso.sha256] satisfies Row]),
    ...iso.records.map((record): Row => ["  wrote", printable(shownPath(record, folder))]),
    ...(savings === undefined ? [] : [["  reused", savings] satisfies Row]),
    ...warningRows(iso.findings, style),
    ...nextRows(path),
  ];
  return [`${verdictMark(boots, style)} ${facts.join("   ")}`, ...rowLines(rows, style)];
}

/** The commands that a user may run next. */
function nextRows(path: string | undefined): Row[] {
  if (path === undefined) return [];
  const commands = ["boot", "verify"].map((command) => commandLine(["platter", command, path]));
  return [["  next", ...commands.map(printable)]];
}

function warningRows(findings: readonly Finding[], style: Style): Row[] {
  const codes = findings.flatMap(({ severity, code }) => (severity === "warning" ? [code] : []));
  if (codes.length === 0) return [];
  const count = counted(codes.length, "warning");
  return [["  found", `${style.paint("warning", count)}: ${[...new Set(codes)].join(", ")}`]];
}

/** `✓ work/squashfs.img   17.5 MiB`: a file that a command wrote. */
export function writtenLine(
  file: { path: string; size: number },
  { style, folder }: { style: Style; folder: string },
): string {
  return `${style.paint("good", "✓")} ${printable(shownPath(file.path, folder))}   ${formatBytes(file.size)}`;
}

/** The path from the current folder if the file is in it, else the absolute path. */
function shownPath(path: string, folder: string): string {
  const inside = relative(folder, path);
  return inside === ".." || inside.startsWith("../") ? path : inside;
}

/** What a build did not do again. Undefined if there were no earlier builds. */
function savedText({
  reused,
  layers,
  rootfs: outcome,
}: Pick<BuiltIso, "reused" | "layers" | "rootfs">): string | undefined {
  const blocks = reused && reusedText(reused);
  const rootfs = outcome !== "made" ? "the whole root file system" : blocks;
  if (layers === undefined || (rootfs === undefined && layers.read === layers.of)) return rootfs;
  const read =
    layers.read === 0
      ? "no layer was read"
      : `${layers.read} of ${counted(layers.of, "layer")} ${layers.read === 1 ? "was" : "were"} read`;
  return [rootfs, read].filter(Boolean).join(", ");
}

/** How much of a root file system was not compressed again: `96 % of 2.0 GiB`. */
export function reusedText({ bytes, of }: { bytes: number; of: number }): string {
  // 100 % means all.
  const percent = of === 0 ? 0 : Math.floor((100 * bytes) / of);
  return `${percent} % of ${formatBytes(of)}`;
}
