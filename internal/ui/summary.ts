import { stat } from "node:fs/promises";
import type { BuildResult } from "../pipeline/build.ts";
import { printable } from "../text/printable.ts";
import { bootClaimLines } from "./boot-claims-text.ts";
import { formatBytes, formatSeconds } from "./format.ts";

/** What a finished build says about its ISO. */
export async function renderSummary(
  output: string,
  { plan, boots, times }: Pick<BuildResult, "plan" | "boots" | "times">,
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
  ];
  return rows
    .map(([name, value]) => `${(name === "" ? "" : `${name}:`).padEnd(10)} ${printable(value!)}`)
    .join("\n");
}
