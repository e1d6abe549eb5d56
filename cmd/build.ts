import { type Command, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { build } from "../internal/pipeline/build.ts";
import { STAGES, stagesBetween } from "../internal/pipeline/stage/stage.ts";
import { checkOutput, folderOf } from "../internal/pipeline/work/output.ts";
import { parseRootfsOptions } from "../internal/rootfs/rootfs-options.ts";
import { renderSummary } from "../internal/ui/summary.ts";
import { claim } from "./claim.ts";
import { openCache, withCacheOptions } from "./options/cache.ts";
import { withIgnoreOption } from "./options/ignore.ts";
import {
  openSession,
  withPayloadOptions,
  withPlanOptions,
  withSquashOptions,
  withWorkOptions,
} from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { unusedReuse, withReuseOption } from "./options/reuse.ts";
import { requireSameImage, unusedInBuild } from "./options/unused-in-build.ts";
import { withRecordOptions, writeRecords } from "./records.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addBuild(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("build"),
    ["platter build quay.io/example/os:latest -o os.iso", "an image in podman's storage"],
    ["platter build oci-archive:os.tar -o os.iso --label MY_OS", "an image in a file, with another label"],
    ["platter build oci:os -o os.iso --work work", "later runs repeat only what changed"],
    ["platter build oci:os -o os.iso --checksum --report os.json", "with a checksum file and a provenance"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("[image]", "image; not needed with a --work folder that holds a plan")
    .summary("turn an image into an ISO")
    .description(
      "Turns an image into an ISO for CD and USB, for BIOS and UEFI, and reports whether it boots there and with Secure Boot on.",
    )
    .addOption(outputOption("file to write the ISO to"))
    .optionsGroup(OPTION_GROUPS.stages)
    .addOption(new Option("--from <stage>", "first stage to run").choices(STAGES).default("inspect" as const))
    .addOption(new Option("--to <stage>", "last stage to run").choices(STAGES).default("implant" as const))
    .option("--force", "run stages even if their inputs did not change", false)
    .optionsGroup(OPTION_GROUPS.compatibility)
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes need", false);
  const planned = withPayloadOptions(withIgnoreOption(withPlanOptions(command)));
  withRecordOptions(withReuseOption(withCacheOptions(withSquashOptions(withWorkOptions(planned))))).action(
    async (image, flags, self) => {
      const world = worldOf();
      const squash = parseRootfsOptions(flags);
      const wanted = stagesBetween(flags.from, flags.to);
      refuseUnused(self, [...unusedInBuild({ image, flags, wanted }), unusedReuse(squash)]);
      const writesIso = flags.to === "assemble" || flags.to === "implant";
      if (writesIso && flags.output === undefined) throw noOutput();
      if (!writesIso && flags.work === undefined && flags.cache === undefined) throw nothingKept(flags.to);
      const output = flags.output === undefined ? undefined : checkOutput(flags.output);
      if (flags.from !== "inspect" && flags.work === undefined) throw noWork(flags.from);
      requireSameImage(image, flags);
      // If the build begins at a later stage, it uses the plan in the work folder instead of the image.
      const reference = flags.from === "inspect" ? image : undefined;
      using _ = claim(world, { image: reference, flags });
      const cache = await openCache(flags, world);
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
          cache,
          reuse: flags.reuse,
          strictGpt: flags.strictGpt,
        }),
      );
      if (output === undefined || !writesIso) return;
      const record = { ...result, squash, started, finished: world.now(), version: world.version };
      await writeRecords(flags, { output, record, world });
      world.reporter.info(await renderSummary(output, result));
    },
  );
}

function nothingKept(to: string): PlatterError {
  return new PlatterError({
    code: "E_NO_WORK",
    kind: "usage",
    message: `Cannot end with \`--to ${to}\`: no folder given that keeps the results`,
    hint: "Name a folder with --work, or leave --to out.",
  });
}

function noWork(from: string): PlatterError {
  return new PlatterError({
    code: "E_NO_WORK",
    kind: "usage",
    message: `Cannot start with \`--from ${from}\`: no folder given with the results of earlier stages`,
    hint: "Name the folder with --work, or leave --from out.",
  });
}

function noOutput(): PlatterError {
  return new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot make the ISO: no output file given",
    hint: "Name a file with -o.",
  });
}
