import type { Command } from "@commander-js/extra-typings";
import { imageOf, openBasis, planFor } from "../internal/pipeline/basis.ts";
import { openPayloads } from "../internal/pipeline/payloads.ts";
import { requireInputs } from "../internal/pipeline/require-inputs.ts";
import { EarlierBlocks } from "../internal/pipeline/stage/earlier-blocks.ts";
import { squashStage } from "../internal/pipeline/stage/squash.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { rootfsWriter } from "../internal/rootfs/rootfs.ts";
import { parseRootfsOptions } from "../internal/rootfs/rootfs-options.ts";
import { reusedText } from "../internal/ui/summary.ts";
import { makeArtifact } from "./deliver.ts";
import {
  withFindingOptions,
  withKernelOption,
  withoutImage,
  withPayloadOptions,
  withRootOptions,
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
    ["platter squash --work work", "with the plan in a work directory"],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("[image]", "image; not needed with a --work folder that holds a plan")
    .summary("make the root file system as a squashfs")
    .description("Makes the root file system as a squashfs, streamed from the image without unpacking it.")
    .addOption(outputOption("file to write the squashfs to (default: squashfs.img in the --work folder)"));
  const planned = withFindingOptions(withRootOptions(withKernelOption(command)));
  withReuseOption(withSquashOptions(withWorkOptions(withPayloadOptions(planned)))).action(
    async (image, flags, self) => {
      const options = parseRootfsOptions(flags);
      refuseUnused(self, [
        withoutImage(image, flags),
        {
          when: flags.rootfs !== "erofs",
          options: ["--kernel"],
          reason: "only an erofs depends on the kernel",
          hint: "Leave --kernel out.",
        },
        unusedReuse(options),
      ]);
      await makeArtifact(worldOf(), { image, flags, artifact: ARTIFACTS.rootfs }, async (session) => {
        const { context } = session;
        await requireInputs(session, rootfsWriter(options).tools);
        const { reuse } = flags;
        using earlier =
          reuse === undefined
            ? undefined
            : EarlierBlocks.of({ ...context, squash: options, cache: undefined });
        if (reuse !== undefined) await earlier?.read(reuse);
        const basis = await openBasis(session);
        const plan = await planFor(session, basis, ["root"]);
        const image = imageOf(session, basis);
        const open = async () => openPayloads(session, await image(), plan);
        const stage = squashStage({ plan, options, open, earlier }, context);
        await runStage(stage, { context, freshness: "when-changed" });
        const reused = earlier?.reused;
        if (reused !== undefined) context.reporter.info(`Reused ${reusedText(reused)} from \`${reuse}\``);
      });
    },
  );
}
