import type { Command } from "@commander-js/extra-typings";
import { abilities } from "../../internal/boot/abilities.ts";
import { doctorDocument } from "../../internal/documents/doctor-document.ts";
import { runTool } from "../../internal/process/run.ts";
import { Toolbox } from "../../internal/process/toolbox.ts";
import { renderAbilities } from "../../internal/ui/abilities.ts";
import { jsonOption, showResult } from "../options/json.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import type { WorldOf } from "../world.ts";

export function addDoctor(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("doctor"),
    ["platter doctor", "what platter can do on this machine"],
    ["platter doctor --json | jq '.abilities[] | select(.ready | not)'", "what is missing, as data"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .summary("show what platter can do on this machine")
    .description(
      "Shows which images platter can read and how it can boot ISOs on this machine, and what to install for the rest.",
    )
    .addOption(jsonOption("doctor"))
    .action(async (flags) => {
      const world = worldOf();
      const { signal } = world;
      const found = await abilities(new Toolbox({ signal, run: runTool, onFound: () => undefined }));
      await showResult(world, flags, {
        document: () => doctorDocument(found),
        print: () => world.print(renderAbilities(found, world.style)),
      });
    });
}
