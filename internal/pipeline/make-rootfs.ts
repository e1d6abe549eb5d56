import type { FileHandle } from "node:fs/promises";
import { noticesOf } from "../base/progress.ts";
import type { DraftPlan } from "../contract/plan/plan.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { ROOTFS_OFFSET } from "../iso/write/layout-iso.ts";
import type { BuildRun } from "./build-run.ts";
import { openPayloads } from "./payloads.ts";
import { cachedSquashStage } from "./stage/cached-stage.ts";
import { checkSpace, type SpaceUse } from "./stage/space-check.ts";
import { estimateSpace } from "./stage/space-estimate.ts";
import { type SquashInputs, squashIntoIsoStage } from "./stage/squash.ts";

/** The source of a root file system: the draft of the plan, and the image. */
export interface RootfsSource {
  draft: DraftPlan;
  image: () => Promise<ImageTree>;
}

/** Makes the root file system as a file of the work directory, or takes the whole file from the cache. */
export async function makeRootfs(build: BuildRun, source: RootfsSource): Promise<void> {
  const { session, wanted, run, cache } = build;
  const { context } = session;
  if (!wanted.has("squash")) return;
  const squash = squashInputs(build, source, "artifact");
  await run(cachedSquashStage(squash, { context, cache, image: source.image }));
}

/** Writes the root file system into the ISO's file. Returns its length in bytes. */
export async function writeRootfsIntoIso(
  build: BuildRun,
  { fd }: FileHandle,
  source: RootfsSource,
): Promise<number> {
  const { context } = build.session;
  let length = 0;
  const onWritten = (bytes: number) => {
    length = bytes;
  };
  const target = { fd, offset: ROOTFS_OFFSET };
  await build.run(squashIntoIsoStage(target, squashInputs(build, source, "in-iso"), { context, onWritten }));
  return length;
}

/** The free space is checked in `open`, because a root file system that is not made again does not need space. */
function squashInputs(
  { session, options, output, cache, earlier }: BuildRun,
  { draft, image }: RootfsSource,
  rootfs: SpaceUse["rootfs"],
): SquashInputs {
  const { work, reporter } = session.context;
  const open = async () => {
    const opened = await openPayloads(session, await image(), draft);
    const estimate = estimateSpace(draft, opened, options.squash);
    checkSpace(estimate, {
      work: work.path,
      output,
      cache: earlier && cache,
      rootfs,
      reporter: noticesOf(reporter, "squash"),
    });
    return opened;
  };
  return { plan: draft, options: options.squash, open, earlier };
}
