import type { DraftPlan } from "../../contract/plan/plan.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { SquashfsTarget } from "../../squashfs/write.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import type { Context } from "../work/context.ts";
import { cachedStage } from "./cached-stage.ts";
import { checkSpace } from "./space-check.ts";
import { estimateSpace } from "./space-estimate.ts";
import { type SquashSources, squashIntoStage, squashStage } from "./squash-stage.ts";
import type { Freshness, Stage } from "./stage.ts";

export interface SquashInBuildOptions {
  squash: RootfsOptions;
  /** Host path of the ISO; undefined if the build ends before the ISO. */
  output: string | undefined;
  /** Where root file systems are kept between builds. */
  cache: ArtifactCache | undefined;
  freshness: Freshness;
}

export interface SquashInBuild extends SquashSources {
  context: Context;
  options: SquashInBuildOptions;
}

/** The squash of `build`: its result comes from the cache if possible, and it does not start without enough space. */
export function squashInBuild(plan: DraftPlan, about: SquashInBuild): Stage {
  const { image, options, context } = about;
  const { cache, freshness } = options;
  const stage = squashStage(plan, context, { ...about, options: options.squash });
  const checked = withSpaceCheck(stage, plan, { ...about, rootfs: "artifact" });
  if (cache === undefined || freshness === "always") return checked;
  const content = async () => plan.image.digest ?? (await image()).source.stamp;
  return cachedStage(checked, { context, cache, content, blocks: () => about.earlier?.index() });
}

/** The squash of `build` into the ISO's file: it does not start without enough space. */
export function squashIntoIso(
  target: SquashfsTarget,
  plan: DraftPlan,
  about: SquashInBuild & { onWritten: (length: number) => void },
): Stage {
  const stage = squashIntoStage(target, plan, { ...about, options: about.options.squash });
  return withSpaceCheck(stage, plan, { ...about, rootfs: "in-iso" });
}

/** The same stage, which looks at the disks before it runs: a squash that is not done again needs no room. */
function withSpaceCheck(
  stage: Stage,
  plan: DraftPlan,
  about: SquashInBuild & { rootfs: "in-iso" | "artifact" },
): Stage {
  const { image, withPayloads, options, context, rootfs } = about;
  return {
    ...stage,
    run: async (task) => {
      const estimate = estimateSpace(plan, await withPayloads(await image()), options.squash);
      const { work, reporter } = context;
      checkSpace(estimate, { work: work.path, output: options.output, rootfs, reporter });
      return stage.run(task);
    },
  };
}
