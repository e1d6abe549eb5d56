import { stat } from "node:fs/promises";
import type { BuildResult } from "../pipeline/build.ts";
import { printable } from "../text/printable.ts";
import { formatBytes, formatSeconds } from "./format.ts";

/** What a finished build says about its ISO. */
export async function renderSummary(
  output: string,
  { plan, times }: Pick<BuildResult, "plan" | "times">,
): Promise<string> {
  const { size } = await stat(output);
  const firmware =
    plan.bios === null ? "UEFI and UEFI with Secure Boot" : "BIOS, UEFI and UEFI with Secure Boot";
  const stages = [...times]
    .map(([name, seconds]) => `${name} ${seconds === undefined ? "unchanged" : formatSeconds(seconds)}`)
    .join(", ");
  const rows = [
    ["ISO", output],
    ["size", `${formatBytes(size)} (${size} bytes)`],
    ["label", plan.label],
    ["boots on", `${firmware}, each from CD and from USB (${plan.architecture})`],
    ["kernel", plan.kernel.version],
    ["stages", stages],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(10)} ${printable(value!)}`).join("\n");
}
