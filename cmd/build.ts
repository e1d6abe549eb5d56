import { stat } from "node:fs/promises";
import { type Command, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { buildDocument } from "../internal/documents/build-document.ts";
import { build } from "../internal/pipeline/build.ts";
import { STAGES, stagesBetween } from "../internal/pipeline/stage/stage.ts";
import { parseRootfsOptions } from "../internal/rootfs/rootfs-options.ts";
import { summaryLines } from "../internal/ui/summary.ts";
import { claim } from "./claim.ts";
import { besideOutput, isoPlacer, streamFile } from "./iso-output.ts";
import { openCache, withCacheOptions } from "./options/cache.ts";
import { withAddedOptions } from "./options/content.ts";
import { withIgnoreOption } from "./options/ignore.ts";
import { jsonOption, showResult, unusedJson } from "./options/json.ts";
import { openSession, withPlanOptions, withSquashOptions, withWorkOptions } from "./options/options.ts";
import { isoOutputOption, targetOfOption } from "./options/output-option.ts";
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
    [
      "platter build --pull quay.io/example/os:latest -o os.iso",
      "an image of podman, fetched if it is missing",
    ],
    ["platter build oci:os", "an ISO named after its label and architecture, in this folder"],
    ["platter build oci-archive:os.tar -o os.iso --label MY_OS", "an image in a file, with another label"],
    ["platter build oci:os -o os.iso --work work", "later runs repeat only what changed"],
    ["platter build oci:os -o os.iso --checksum --report os.json", "with a checksum file and a provenance"],
    ["platter build oci:os --json | jq -r .iso", "the result as data"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument(
      "[image]",
      "image, or - for an archive on standard input; not needed with a --work folder that holds a plan",
    )
    .summary("turn an image into an ISO")
    .description(
      "Turns an image into an ISO for CD and USB, for BIOS and UEFI, and reports whether it boots there and with Secure Boot on.",
    )
    .addOption(isoOutputOption())
    .addOption(jsonOption("build"))
    .optionsGroup(OPTION_GROUPS.stages)
    .addOption(new Option("--from <stage>", "first stage to run").choices(STAGES).default("inspect" as const))
    .addOption(new Option("--to <stage>", "last stage to run").choices(STAGES).default("implant" as const))
    .option("--force", "run stages even if their inputs did not change", false)
    .optionsGroup(OPTION_GROUPS.compatibility)
    .option("--strict-gpt", "leave out the active MBR entry that some BIOSes need", false);
  const planned = withAddedOptions(withIgnoreOption(withPlanOptions(command)));
  withRecordOptions(withReuseOption(withCacheOptions(withSquashOptions(withWorkOptions(planned))))).action(
    async (image, flags, self) => {
      const world = worldOf();
      const squash = parseRootfsOptions(flags);
      const wanted = stagesBetween(flags.from, flags.to);
      refuseUnused(self, [
        ...unusedInBuild({ image, flags, wanted }),
        unusedReuse(squash),
        unusedJson(flags),
      ]);
      const writesIso = flags.to === "assemble" || flags.to === "implant";
      if (!writesIso && flags.work === undefined && flags.cache === undefined) throw nothingKept(flags.to);
      if (flags.from !== "inspect" && flags.work === undefined) throw noWork(flags.from);
      requireSameImage(image, flags);
      // If the build begins at a later stage, it uses the plan in the work folder instead of the image.
      const reference = flags.from === "inspect" ? image : undefined;
      const target = writesIso ? targetOfOption(flags.output, world) : undefined;
      using claimed = claim(world, { image: reference, flags, target });
      const cache = await openCache(flags, world);
      const started = world.now();
      await using session = openSession(world, { image: reference, flags, beside: besideOutput(target) });
      const { work } = session;
      const result = await session.during(() =>
        build(session, {
          output: target && isoPlacer(target, { claimed, work, flags }),
          from: flags.from,
          to: flags.to,
          freshness: flags.force ? "always" : "when-changed",
          squash,
          cache,
          reuse: flags.reuse,
          strictGpt: flags.strictGpt,
        }),
      );
      const { output, runs: stages } = result;
      if (output === undefined) {
        if (flags.json) world.setResult(buildDocument({ ...result, stages, iso: undefined }));
        return;
      }
      const record = { ...result, squash, started, finished: world.now(), version: world.version };
      const records = await writeRecords(flags, { output, record, world });
      const isStreamed = target?.kind === "stream";
      const { size } = await stat(output);
      if (isStreamed) await streamFile(output, world);
      const { style } = world.reporter;
      const rootfs = stages.get("squash")?.outcome ?? "made";
      const iso = { ...result, ...records, rootfs, path: isStreamed ? undefined : output, size };
      world.reporter.print(summaryLines(iso, { style, folder: process.cwd() }));
      // With `--report -` the report is the result.
      if (isStreamed || flags.report === "-") return;
      await showResult(world, flags, {
        document: () => buildDocument({ ...result, stages, iso: { ...records, path: output, size } }),
        print: () => world.printData(`${output}\n`),
      });
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
