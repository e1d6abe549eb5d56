import { stat } from "node:fs/promises";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { printable } from "../text/printable.ts";
import { bootClaimLines } from "./boot-claims-text.ts";
import { formatBytes, formatSeconds } from "./format.ts";

interface BuiltIso {
  plan: Pick<Plan, "label" | "kernel">;
  boots: BootClaims;
  /** Seconds by stage; undefined for a stage that did not run. */
  times: ReadonlyMap<string, number | undefined>;
  /** Compressed bytes of the root file system, and how many of them are from earlier builds. */
  reused: { bytes: number; of: number } | undefined;
}

/** The lines that a finished build prints about its ISO. */
export async function renderSummary(
  output: string,
  { plan, boots, times, reused }: BuiltIso,
): Promise<string> {
  const { size } = await stat(output);
  const stages = [...times]
    .map(([name, seconds]) => `${name} ${seconds === undefined ? "unchanged" : formatSeconds(seconds)}`)
    .join(", ");
  const [firstWay = "", ...otherWays] = bootClaimLines(boots);
  const rows = [
    ["ISO", output],
    ["size", `${formatBytes(size)} (${size} bytes)`],
    ["label", plan.label],
    ["boots on", firstWay],
    ...otherWays.map((line) => ["", line]),
    ["kernel", plan.kernel.version],
    ["stages", stages],
    ...(reused === undefined ? [] : [["reused", reusedText(reused)]]),
  ];
  return rows
    .map(([name, value]) => `${(name === "" ? "" : `${name}:`).padEnd(10)} ${printable(value!)}`)
    .join("\n");
}

/** How much of a root file system was not compressed again: `96 % of 2.0 GiB`. */
export function reusedText({ bytes, of }: { bytes: number; of: number }): string {
  // 100 % means all.
  const percent = of === 0 ? 0 : Math.floor((100 * bytes) / of);
  return `${percent} % of ${formatBytes(of)}`;
}
