import type { Command } from "@commander-js/extra-typings";
import { BUILD_INFO } from "./build-info.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addVersion(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("version"),
    ["platter version", "version, commit, target and runtime"],
    ["platter version --json | jq -r .version", "the version alone"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .summary("print version, commit and target")
    .description(
      "Prints the version of platter, the commit and the target it was compiled for, and the version of Bun in it.",
    )
    .optionsGroup(OPTION_GROUPS.output)
    .option("--json", "print the same as JSON", false)
    .action(async ({ json }) => {
      const text = json ? `${JSON.stringify(BUILD_INFO, null, 2)}\n` : versionText();
      await worldOf().printData(text);
    });
}

function versionText(): string {
  const { version, commit, date, target, bun } = BUILD_INFO;
  const rows = [
    ["platter", version],
    ["commit", commit ?? "unknown"],
    ["date", date ?? "unknown"],
    ["target", target ?? "none, runs from its sources"],
    ["bun", bun],
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join("");
}
