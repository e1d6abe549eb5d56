import type { Command } from "@commander-js/extra-typings";
import { versionDocument } from "../../internal/documents/version-document.ts";
import { BUILD_INFO } from "../build-info.ts";
import { jsonOption, showResult } from "../options/json.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import type { WorldOf } from "../world.ts";

export function addVersion(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("version"),
    ["platter version", "version, commit, target and runtime"],
    ["platter version --json | jq -r .platter", "the version alone"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .summary("print version, commit and target")
    .description(
      "Prints the version of platter, the commit and the target it was compiled for, and the version of Bun in it.",
    )
    .addOption(jsonOption("version"))
    .action(async (flags) => {
      const world = worldOf();
      await showResult(world, flags, {
        document: () => versionDocument(BUILD_INFO),
        print: () => world.printData(versionText()),
      });
    });
}

function versionText(): string {
  const { platter, commit, date, target, bun } = BUILD_INFO;
  const rows = [
    ["platter", platter],
    ["commit", commit ?? "unknown"],
    ["date", date ?? "unknown"],
    ["target", target ?? "none, runs from its sources"],
    ["bun", bun],
  ] as const;
  return rows.map(([name, value]) => `${name.padEnd(8)} ${value}\n`).join("");
}
