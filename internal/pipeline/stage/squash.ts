import { noticesOf } from "../../base/progress.ts";
import type { RootPlan } from "../../contract/plan/plan.ts";
import { uuidOf } from "../../contract/plan/uuid.ts";
import type { WalkOptions } from "../../image/entry-walk.ts";
import { compileExcludes } from "../../image/excludes.ts";
import type { ImageTree } from "../../image/image-tree.ts";
import type { TreeWithPayloads } from "../../payload/with-payloads.ts";
import { requireErofsKernel } from "../../rootfs/erofs-kernel.ts";
import { rootfsWriter, walkOptions, writeRootfs, writeRootfsInto } from "../../rootfs/rootfs.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { SquashfsTarget } from "../../squashfs/write.ts";
import { formatBytes } from "../../ui/format.ts";
import type { Context } from "../work/context.ts";
import { ARTIFACTS } from "../work/work-dir.ts";
import type { EarlierBlocks } from "./earlier-blocks.ts";
import { labelsOf, selinuxInput } from "./selinux-labels.ts";
import type { Stage } from "./stage.ts";

export interface SquashInputs {
  plan: RootPlan;
  options: RootfsOptions;
  /** Opens the image with the payloads of the plan. It is called only if the stage runs. */
  open: () => Promise<TreeWithPayloads>;
  /** Blocks of earlier builds. Undefined if all blocks are compressed again. */
  earlier: EarlierBlocks | undefined;
}

/** Makes the root file system as a file of the work directory. @throws PlatterError `E_EROFS_KERNEL` */
export function squashStage(squash: SquashInputs, context: Context): Stage {
  const { work } = context;
  const { plan, options } = squash;
  const output = work.file(ARTIFACTS.rootfs);
  requireErofsKernel(plan.kernel?.version, options);
  const inputs = {
    tree: plan.image.treeDigest,
    image: plan.image.digest ?? "",
    excludes: JSON.stringify(plan.excludes),
    time: String(plan.time),
    payloads: JSON.stringify(plan.payloads.map(({ digest, indexes, names }) => ({ digest, indexes, names }))),
    options: JSON.stringify(options),
    ...(plan.overlays && { overlays: JSON.stringify(plan.overlays.map(({ digest }) => digest)) }),
    ...(plan.selinux === undefined ? {} : { selinux: selinuxInput(plan.selinux) }),
  };
  return {
    name: "squash",
    tools: rootfsWriter(options).tools,
    inputs,
    outputs: [output],
    run: async (task) => {
      const { tree, walk } = await openRootfs(squash);
      const reuse = squash.earlier?.reuse();
      await work.make(ARTIFACTS.rootfs, (partial) => {
        const { time } = plan;
        // Leave out the manifest's digest: the same tree must give the same bytes from every image source.
        const { image: _, ...content } = inputs;
        const uuid = uuidOf(`platter-rootfs 1\0${JSON.stringify(content)}`);
        const log = work.log("squash");
        const { warn } = noticesOf(context.reporter, "squash");
        const { signal, toolbox } = context;
        const run = { tree, walk, options, time, uuid, output: partial, log, signal, task, warn, reuse };
        return writeRootfs(run, toolbox);
      });
      const { size } = await Bun.file(output).stat();
      return { detail: formatBytes(size), origin: squash.earlier?.origin };
    },
  };
}

/** Writes the root file system into the file that becomes the ISO. `onWritten` is called with its length in bytes. */
export function squashIntoIsoStage(
  target: SquashfsTarget,
  squash: SquashInputs,
  { context, onWritten }: { context: Context; onWritten: (length: number) => void },
): Stage {
  const { plan, options } = squash;
  return {
    name: "squash",
    tools: [],
    inputs: {},
    outputs: [],
    run: async (task) => {
      const { tree, walk } = await openRootfs(squash);
      const reuse = squash.earlier?.reuse();
      const run = { tree, walk, options, time: plan.time, signal: context.signal, task, reuse };
      const length = await writeRootfsInto(target, run);
      onWritten(length);
      return { detail: formatBytes(length), origin: squash.earlier?.origin };
    },
  };
}

/** The tree of the root file system, payloads included, and the walk over the entries that are written. */
async function openRootfs({ plan, open }: SquashInputs): Promise<{ tree: ImageTree; walk: WalkOptions }> {
  const { image, tree, walk } = await open();
  const attributes = await labelsOf(image, plan);
  const options = walkOptions(compileExcludes(plan.excludes), plan.time);
  return { tree, walk: { ...walk(options), attributes } };
}
