import { type Command, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../../internal/base/error.ts";
import { ArtifactCache } from "../../internal/pipeline/work/artifact-cache.ts";
import { withVariable } from "../reference/environment.ts";
import { OPTION_GROUPS } from "../reference/groups.ts";
import type { World } from "../world.ts";
import type { Unused } from "./refuse-unused.ts";

const DEFAULT_SIZE = "10G";

/** Adds the options for the cache between builds. */
export function withCacheOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.work)
    .addOption(
      withVariable(
        new Option(
          "--cache <dir>",
          "keep compressed root file systems in this folder; later builds compress only what changed",
        ),
      ),
    )
    .addOption(
      withVariable(
        new Option("--cache-size <size>", "remove the least recently used entries above this size"),
      ).default(DEFAULT_SIZE),
    );
}

/** Rule that refuses a size without a cache. */
export function unusedCacheSize({ cache }: Pick<CacheFlags, "cache">): Unused {
  return {
    when: cache === undefined,
    options: ["--cache-size"],
    reason: "it limits the size of a cache, and --cache is not given",
    hint: "Name a folder with --cache, or leave --cache-size out.",
  };
}

interface CacheFlags {
  cache?: string | undefined;
  cacheSize: string;
}

/**
 * Opens the cache that the flags name. Undefined if they do not name one.
 * @throws PlatterError `E_CACHE`, `E_CACHE_SIZE`
 */
export async function openCache(
  flags: CacheFlags,
  { now, reporter }: Pick<World, "now" | "reporter">,
): Promise<ArtifactCache | undefined> {
  const limit = parseSize(flags.cacheSize);
  if (flags.cache === undefined) return undefined;
  return ArtifactCache.open(flags.cache, {
    limit,
    now: () => now().getTime(),
    report: (text) => reporter.info(text),
  });
}

/**
 * Bytes of a size as a user writes it, such as `500M`, `10G` or `1.5T`. The units are powers of 1024.
 * @throws PlatterError `E_CACHE_SIZE`
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  const power = ["", "k", "m", "g", "t"].indexOf((match?.[2] ?? "").toLowerCase());
  if (match !== null) return Math.floor(Number(match[1]) * 1024 ** power);
  throw new PlatterError({
    code: "E_CACHE_SIZE",
    kind: "usage",
    message: `Cannot limit the cache to \`${text}\`: it is not a number of bytes`,
    hint: "Give a number of bytes with K, M, G or T, such as 10G.",
  });
}
