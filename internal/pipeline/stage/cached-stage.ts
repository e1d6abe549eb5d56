import { PlatterError } from "../../base/error.ts";
import { errnoOf } from "../../base/machine-error.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import type { Stage } from "./stage.ts";

/** Part of every key. Increase the number if the same inputs give other bytes than before. */
const FORMAT = "platter-cache 1";

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
    /** The index of the blocks in the output, after the stage ran. */
    blocks: () => Uint8Array | undefined;
  },
): Stage {
  const { cache, context } = options;
  const output = stage.outputs[0]!;
  return {
    ...stage,
    run: async (task) => {
      const content = await options.content();
      if (content === undefined) return stage.run(task);
      const key = await cacheKey(stage, { context, content });
      const fetched = await cache.fetch(key, output);
      if (fetched === "found") return "from the cache";
      if (fetched === "damaged") {
        context.reporter.warn(
          `The entry for \`${stage.name}\` in \`${cache.path}\` is damaged, so platter makes it again`,
        );
      }
      const detail = await stage.run(task);
      await cache.store(key, output, options.blocks()).catch((error) => {
        if (!(error instanceof PlatterError) && errnoOf(error) === undefined) throw error;
        // The stage has made its output, so the build goes on without the cache.
        context.reporter.warn(
          `Cannot keep the result of \`${stage.name}\` in \`${cache.path}\`: ${reason(error)}`,
        );
      });
      return detail;
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

function reason(error: unknown): string {
  return error instanceof PlatterError ? error.message : (errnoOf(error) ?? String(error));
}
