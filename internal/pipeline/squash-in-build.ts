import type { DraftPlan } from "../contract/plan.ts";
import type { BuildOptions } from "./build.ts";
import { cachedStage } from "./cached-stage.ts";
import type { Context } from "./context.ts";
import { checkSpace } from "./space-check.ts";
import { estimateSpace } from "./space-estimate.ts";
import type { Stage } from "./stage.ts";
import { type SquashSources, squashStage } from "./stages.ts";

/** The squash as `build` runs it: out of the cache where it is there, and not begun where there is no room. */
export function squashInBuild(
  plan: DraftPlan,
  context: Context,
  about: SquashSources & { options: BuildOptions },
): Stage {
  const { image, withPayloads, options } = about;
  const { cache, freshness, output } = options;
  const stage = squashStage(plan, context, { image, withPayloads, options: options.squash });
  const checked: Stage = {
    ...stage,
    // A squash that is not done again needs no room.
    run: async (task) => {
      const whole = await withPayloads(await image());
      const estimate = estimateSpace(plan, whole, options.squash);
      const sources = context.work.kept || cache !== undefined ? "keep" : "use-up";
      checkSpace(estimate, { work: context.work.path, output, sources, reporter: context.reporter });
      return stage.run(task);
    },
  };
  if (cache === undefined || freshness === "always") return checked;
  const content = async () => plan.image.digest ?? (await image()).source.stamp;
  return cachedStage(checked, { context, cache, content });
}
