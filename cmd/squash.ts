import type { Command } from "@commander-js/extra-typings";
import { imageOf, openBasis, planFor } from "../internal/pipeline/basis.ts";
import { openPayloads } from "../internal/pipeline/payloads.ts";
import { requireInputs } from "../internal/pipeline/require-inputs.ts";
import { cachedSquashStage } from "../internal/pipeline/stage/cached-stage.ts";
import { EarlierBlocks } from "../internal/pipeline/stage/earlier-blocks.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { rootfsWriter } from "../internal/rootfs/rootfs.ts";
import { parseRootfsOptions } from "../internal/rootfs/rootfs-options.ts";
import { reusedText } from "../internal/ui/summary.ts";
import { makeArtifact } from "./deliver.ts";
import { openCache, unusedCacheSize, withCacheOptions } from "./options/cache.ts";
import { withPayloadOptions, withRootOptions } from "./options/content.ts";
import { jsonOption, unusedJson } from "./options/json.ts";
import {
  withFindingOptions,
  withKernelOption,
  withoutImage,
  withSquashOptions,
  withWorkOptions,
} from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { unusedReuse, withReuseOption } from "./options/reuse.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addSquash(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("squash"),
    ["platter squash oci-archive:os.tar -o squashfs.img", "from an archive of an image"],
    ["platter squash oci:os --compression zstd:19,1M -o small.img", "with a level and a block size"],
    [
      "platter squash oci:os -o squashfs.img --cache cache",
      "compressing only what changed since the last run",
    ],
    ["platter squash --work work", "with the plan in a work directory"],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("[image]", "image; not needed with a --work folder that holds a plan")
    .summary("make the root file system as a squashfs")
    .description("Makes the root file system as a squashfs, streamed from the image without unpacking it.")
    .addOption(outputOption("file to write the squashfs to (default: squashfs.img in the --work folder)"))
    .addOption(jsonOption("squash"));
  const planned = withFindingOptions(withRootOptions(withKernelOption(command)));
  withReuseOption(withCacheOptions(withSquashOptions(withWorkOptions(withPayloadOptions(planned))))).action(
    async (image, flags, self) => {
      const options = parseRootfsOptions(flags);
      refuseUnused(self, [
        withoutImage(image, flags),
        unusedJson(flags),
        {
          when: flags.rootfs !== "erofs",
          options: ["--kernel"],
          reason: "only an erofs depends on the kernel",
          hint: "Leave --kernel out.",
        },
        unusedCacheSize(flags),
        unusedReuse(options),
      ]);
      const world = worldOf();
      await makeArtifact(
        world,
        { image, flags, artifact: ARTIFACTS.rootfs, stage: "squash" },
        async (session, runs) => {
          const { context } = session;
          const cache = await openCache(flags, world);
          await requireInputs(session, rootfsWriter(options).tools);
          using earlier = EarlierBlocks.of({ ...context, squash: options, cache, reuse: flags.reuse });
          await earlier?.openCache();
          await earlier?.read();
          const basis = await openBasis(session, earlier?.layers);
          const plan = await planFor(session, basis, ["root"]);
          const image = imageOf(session, basis, earlier?.layers);
          const open = async () => openPayloads(session, await image(), plan);
          const stage = cachedSquashStage({ plan, options, open, earlier }, { context, cache, image });
          await runStage(stage, { context, freshness: "when-changed", runs });
          await earlier?.keepLayers();
          await earlier?.keepBlocksOf(context.work.file(ARTIFACTS.rootfs));
          const reused = earlier?.reused;
          if (reused !== undefined) context.reporter.info(`Reused ${reusedText(reused)}`);
          return reused;
        },
      );
    },
  );
}
