import type { Command } from "@commander-js/extra-typings";
import { explainDocument } from "../../internal/documents/explain-document.ts";
import { explain, renderExplanation } from "../../internal/ui/explain.ts";
import { jsonOption, showResult } from "../options/json.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import type { WorldOf } from "../world.ts";

export function addExplain(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("explain"),
    ["platter explain F_KERNEL_UNSIGNED", "a finding of `inspect` or `build`"],
    ["platter explain gpt-header-crc", "a problem that `verify` reports"],
    ["platter explain 3", "an exit code"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .argument("<code>", "code of a finding, an error, a problem or a failed boot, or an exit code")
    .summary("explain a code that platter prints")
    .description(
      "Explains the code of a finding, an error, a problem in a finished ISO or a failed boot, or an exit code: what it means, and what to do.",
    )
    .addOption(jsonOption("explain"))
    .action(async (code, flags) => {
      const world = worldOf();
      const explanation = explain(code);
      await showResult(world, flags, {
        document: () => explainDocument(explanation),
        print: () => world.printData(renderExplanation(explanation)),
      });
    });
}
