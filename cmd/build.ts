import { writeFile } from "node:fs/promises";
import { type Command, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/error.ts";
import { build } from "../internal/pipeline/build.ts";
import { checksumPath, renderChecksum } from "../internal/pipeline/checksum-file.ts";
import { checkOutput } from "../internal/pipeline/output.ts";
import { provenance } from "../internal/pipeline/provenance.ts";
import { recordFile } from "../internal/pipeline/receipt.ts";
import { folderOf } from "../internal/pipeline/session.ts";
import { STAGES } from "../internal/pipeline/stage.ts";
import { parseSquashOptions } from "../internal/squash/squash-options.ts";
import { renderSummary } from "../internal/ui/summary.ts";
import { writeWhole } from "../internal/whole-file.ts";
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
    .option("--checksum", "write OUTPUT-CHECKSUM beside the ISO, for `sha256sum --check`", false)
    .option(
      "--report <file>",
      "write what the ISO was made of as SLSA provenance, an in-toto statement in JSON (- for standard output)",
    )
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes ask for", false)
    .addHelpText(
      "after",
      "\nExamples:\n  platter build quay.io/example/os:latest -o os.iso\n  platter build oci-archive:os.tar -o os.iso --label MY_OS\n  platter build oci:os -o os.iso --work work    # later runs redo only what changed\n  platter build oci:os -o os.iso --checksum --report - | jq .predicate > os.provenance.json",
    );
  withSquashOptions(withWorkOptions(withPlanOptions(command))).action(async (image, flags) => {
    const world = worldOf();
    const squash = parseSquashOptions(flags);
    const writesIso = flags.to === "assemble" || flags.to === "implant";
    if (writesIso && flags.output === undefined) throw noOutput();
    const output = flags.output === undefined ? undefined : checkOutput(flags.output);
    if (flags.from !== "inspect" && flags.work === undefined) throw noWork(flags.from);
    // Without the stages before it a stage works on the plan that is there.
    const reference = flags.from === "inspect" ? image : undefined;
    if (!writesIso && (flags.checksum || flags.report !== undefined)) throw noIso(flags.to);
    const report =
      flags.report === undefined || flags.report === "-" ? flags.report : checkOutput(flags.report);
    const started = world.now();
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
    if (output === undefined || !writesIso) return;
    if (flags.checksum || report !== undefined) {
      const iso = await recordFile(output);
      if (flags.checksum) await writeText(checksumPath(output), renderChecksum(iso));
      const record = { ...result, iso, squash, started, finished: world.now(), version: world.version };
      const text = `${JSON.stringify(provenance(record), null, 2)}\n`;
      if (report === "-") await world.print(text);
      else if (report !== undefined) await writeText(report, text);
    }
    world.reporter.info(await renderSummary(output, result));
  });
}

function writeText(path: string, text: string): Promise<void> {
  return writeWhole(path, { code: "E_OUTPUT", write: (partial) => writeFile(partial, text) });
}

function noIso(to: string): PlatterError {
  return new PlatterError({
    code: "E_NO_ISO",
    kind: "usage",
    message: `--checksum and --report are about the ISO, and \`--to ${to}\` ends before there is one`,
    hint: "Leave them out, or leave --to out.",
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
