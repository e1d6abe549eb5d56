import type { Command } from "@commander-js/extra-typings";
import { planInWork } from "../internal/pipeline/basis.ts";
import { assembleStage } from "../internal/pipeline/stage/assemble.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { checkOutput } from "../internal/pipeline/work/output.ts";
import { claim } from "./claim.ts";
import { openSession, withWorkOption } from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addAssemble(program: Command, worldOf: WorldOf): void {
  const command = withExamples(program.command("assemble"), [
    "platter assemble --work work -o os.iso && platter implant os.iso",
    "the last two stages",
  ])
    .helpGroup(COMMAND_GROUPS.stages)
    .summary("make the ISO from the results of the other stages")
    .description(
      "Makes the ISO from a work directory in which the other stages ran. The checksum is implanted by `platter implant`.",
    )
    .addOption(outputOption("file to write the ISO to").makeOptionMandatory())
    .optionsGroup(OPTION_GROUPS.compatibility)
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes need", false);
  withWorkOption(command).action(async (flags) => {
    const world = worldOf();
    const output = checkOutput(flags.output);
    using _ = claim(world, { image: undefined, flags });
    await using session = openSession(world, { image: undefined, flags });
    await session.during(async () => {
      const { context } = session;
      const options = { output, strictGpt: flags.strictGpt, checksum: "leave", begun: undefined } as const;
      const plan = await planInWork(session.work);
      await runStage(await assembleStage(plan, context, options), { context, freshness: "when-changed" });
    });
  });
}
