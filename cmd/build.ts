import { type Command, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/error.ts";
import { build } from "../internal/pipeline/build.ts";
import { checkOutput } from "../internal/pipeline/output.ts";
import { folderOf } from "../internal/pipeline/session.ts";
import { STAGES } from "../internal/pipeline/stage.ts";
import { parseRootfsOptions } from "../internal/squash/rootfs-options.ts";
import { renderSummary } from "../internal/ui/summary.ts";
import { openSession, withPlanOptions, withSquashOptions, withWorkOptions } from "./options.ts";
import type { WorldOf } from "./world.ts";

export function addBuild(program: Command, worldOf: WorldOf): void {
  const command = program
    .command("build")
    .argument("[image]", "image; not needed with a --work folder that holds a plan")
    .summary("turn an image into an ISO")
    .description(
      "Turns an image into an ISO that boots from CD and USB, on BIOS and UEFI, with Secure Boot on.",
    )
    .option("-o, --output <file>", "where the ISO goes")
    .addOption(new Option("--from <stage>", "first stage to run").choices(STAGES).default("inspect" as const))
    .addOption(new Option("--to <stage>", "last stage to run").choices(STAGES).default("implant" as const))
    .option("--force", "run stages even if nothing changed for them", false)
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes ask for", false)
    .addHelpText(
      "after",
      "\nExamples:\n  platter build quay.io/example/os:latest -o os.iso\n  platter build oci-archive:os.tar -o os.iso --label MY_OS\n  platter build oci:os -o os.iso --work work    # later runs redo only what changed",
    );
  withSquashOptions(withWorkOptions(withPlanOptions(command))).action(async (image, flags) => {
    const world = worldOf();
    const squash = parseRootfsOptions(flags);
    const writesIso = flags.to === "assemble" || flags.to === "implant";
    if (writesIso && flags.output === undefined) throw noOutput();
    const output = flags.output === undefined ? undefined : checkOutput(flags.output);
    if (flags.from !== "inspect" && flags.work === undefined) throw noWork(flags.from);
    // Without the stages before it a stage works on the plan that is there.
    const reference = flags.from === "inspect" ? image : undefined;
    const beside = output === undefined ? {} : { beside: folderOf(output) };
    await using session = openSession(world, { image: reference, flags, ...beside });
    const result = await session.during(() =>
      build(session, {
        output: writesIso ? output : undefined,
        from: flags.from,
        to: flags.to,
        freshness: flags.force ? "always" : "when-changed",
        squash,
        strictGpt: flags.strictGpt,
      }),
    );
    if (output !== undefined && writesIso) world.reporter.info(await renderSummary(output, result));
  });
}

function noWork(from: string): PlatterError {
  return new PlatterError({
    code: "E_NO_WORK",
    kind: "usage",
    message: `\`--from ${from}\` goes on from what earlier stages made, and no folder says where that is`,
    hint: "Name the folder with --work, or leave --from out.",
  });
}

function noOutput(): PlatterError {
  return new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Nothing says where the ISO goes",
    hint: "Name a file with -o.",
  });
}
