import { stat } from "node:fs/promises";
import { noticesOf } from "../../base/progress.ts";
import type { ImageTree } from "../../image/image-tree.ts";
import { formatBytes } from "../../ui/format.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import { storeOrWarn } from "../work/store-or-warn.ts";
import { hasOwnBlocks } from "./earlier-blocks.ts";
import { type SquashInputs, squashStage } from "./squash.ts";
import type { Stage } from "./stage.ts";

/** Part of every key. Increase the number if the same inputs give other bytes than before. */
const FORMAT = "platter-cache 1";

/**
 * The stage that makes the root file system as a file of the work directory. If its blocks are not found again, the whole
 * file is taken from the cache or added to it.
 */
export function cachedSquashStage(
  squash: SquashInputs,
  options: { context: Context; cache: ArtifactCache | undefined; image: () => Promise<ImageTree> },
): Stage {
  const { context, cache, image } = options;
  const stage = squashStage(squash, context);
  if (cache === undefined || hasOwnBlocks(squash.options)) return stage;
  const content = async () => squash.plan.image.digest ?? (await image()).source.stamp;
  return cachedStage(stage, { context, cache, content });
}

/**
 * The same stage, but its output is taken from the cache if possible, and is added to the cache otherwise. `content`
 * identifies the contents of the image's files, because the stage's inputs do not. If it is undefined, nothing is cached.
 */
export function cachedStage(
  stage: Stage,
  options: {
    context: Context;
    cache: ArtifactCache;
    content: () => Promise<string | undefined>;
  },
): Stage {
  const { cache, context } = options;
  const output = stage.outputs[0]!;
  const reporter = noticesOf(context.reporter, stage.name);
  return {
    ...stage,
    run: async (task) => {
      const content = await options.content();
      if (content === undefined) return stage.run(task);
      const key = await cacheKey(stage, { context, content });
      const fetched = await cache.fetch(key, output);
      if (fetched === "found") {
        const { size } = await stat(output);
        return { detail: formatBytes(size), origin: "cache" };
      }
      if (fetched === "damaged") {
        reporter.warn(
          `The entry for \`${stage.name}\` in \`${cache.path}\` is damaged, so platter makes it again`,
        );
      }
      const made = await stage.run(task);
      const store = () => cache.store(key, output);
      await storeOrWarn(`the result of \`${stage.name}\``, { store, cache, reporter });
      return made;
    },
  };
}

/** Digest of everything that the output's bytes depend on. */
async function cacheKey(
  stage: Stage,
  { context, content }: { context: Context; content: string },
): Promise<string> {
  const { toolbox, version } = context;
  const tools: string[] = [];
  for (const name of stage.tools) {
    const tool = await toolbox.find(name);
    tools.push(`${name} ${tool.version}`);
  }
  const inputs = Object.entries(stage.inputs).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256Text(JSON.stringify([FORMAT, version, stage.name, inputs, tools, content]));
}
