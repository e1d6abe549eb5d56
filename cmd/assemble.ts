import type { Command } from "@commander-js/extra-typings";
import { artifactDocument } from "../internal/documents/stage-document.ts";
import { planInWork } from "../internal/pipeline/basis.ts";
import { assembleStage } from "../internal/pipeline/stage/assemble.ts";
import { runStage, type StageRuns } from "../internal/pipeline/stage/stage.ts";
import { claim } from "./claim.ts";
import { isoPlacer, streamFile } from "./iso-output.ts";
import { jsonOption, unusedJson } from "./options/json.ts";
import { openSession, withWorkOption } from "./options/options.ts";
import { isoOutputOption, targetOfOption } from "./options/output-option.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import { reportWritten } from "./report-written.ts";
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
    .addOption(isoOutputOption())
    .addOption(jsonOption("assemble"))
    .optionsGroup(OPTION_GROUPS.compatibility)
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes need", false);
  withWorkOption(command).action(async (flags, self) => {
    refuseUnused(self, [unusedJson(flags)]);
    const world = worldOf();
    const target = targetOfOption(flags.output, world);
    using claimed = claim(world, { image: undefined, flags, target });
    await using session = openSession(world, { image: undefined, flags });
    await session.during(async () => {
      const { context } = session;
      context.reporter.steps(["assemble"]);
      const plan = await planInWork(session.work);
      const output = isoPlacer(target, { claimed, work: session.work, flags: {} })(plan);
      const options = { output, strictGpt: flags.strictGpt, checksum: "leave", begun: undefined } as const;
      const runs: StageRuns = new Map();
      await runStage(await assembleStage(plan, context, options), {
        context,
        freshness: "when-changed",
        runs,
      });
      if (target.kind === "stream") return streamFile(output, world);
      const written = await reportWritten(world, output);
      if (flags.json) world.setResult(artifactDocument({ ...written, stages: runs }));
    });
  });
}
