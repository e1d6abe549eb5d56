import { statSync } from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { type CacheContent, cacheDocument } from "../internal/documents/cache-document.ts";
import { ArtifactCache, type ListedEntry } from "../internal/pipeline/work/artifact-cache.ts";
import type { CacheEntry } from "../internal/pipeline/work/cache-folder.ts";
import { counted } from "../internal/text/counted.ts";
import { formatBytes } from "../internal/ui/format.ts";
import { parseSize } from "./options/cache.ts";
import { jsonOption, showResult } from "./options/json.ts";
import { OPTION_VARIABLES } from "./reference/environment.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { World, WorldOf } from "./world.ts";

export function addCache(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("cache"),
    ["platter cache ~/.cache/platter", "list the entries of a cache"],
    ["platter cache ~/.cache/platter --prune 4G", "remove the least recently used entries above 4 GiB"],
    ["platter cache ~/.cache/platter --prune 0", "remove all entries"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .argument("[dir]", `folder of --cache (default: the folder in ${OPTION_VARIABLES["--cache"]})`)
    .summary("list and remove entries of a cache")
    .description(
      "Lists the entries of a folder of --cache with their sizes and last uses, the last used first.",
    )
    .optionsGroup(OPTION_GROUPS.work)
    .option("--prune <size>", "first remove the least recently used entries above this size")
    .addOption(jsonOption("cache"))
    .action(async (dir, flags) => {
      const world = worldOf();
      const limit = flags.prune === undefined ? undefined : parseSize(flags.prune);
      const cache = await openExisting(dir ?? world.environment[OPTION_VARIABLES["--cache"]], world);
      const removed = limit === undefined ? [] : await cache.prune(limit);
      if (removed.length > 0) world.reporter.info(`Removed ${totalOf(removed)}`);
      const entries = await cache.list();
      await showResult(world, flags, {
        document: () => cacheDocument(cache.path, { entries, removed }),
        print: () => world.print(entryLines(entries)),
      });
    });
}

/** Opens the cache in a folder, which must exist. @throws PlatterError `E_CACHE` */
async function openExisting(path: string | undefined, { reporter, now }: World): Promise<ArtifactCache> {
  if (path === undefined || path === "") {
    throw new PlatterError({
      code: "E_CACHE",
      kind: "usage",
      message: "Cannot list a cache: no folder given",
      hint: `Name the folder, or set ${OPTION_VARIABLES["--cache"]}.`,
    });
  }
  const info = statSync(path, { throwIfNoEntry: false });
  if (info?.isDirectory() !== true) {
    const reason = info === undefined ? "no such folder" : "it is not a folder";
    throw new PlatterError({
      code: "E_CACHE",
      kind: "machine",
      message: `Cannot list the cache in \`${path}\`: ${reason}`,
      hint: "Name a folder that `platter build --cache` filled.",
    });
  }
  const report = (text: string) => reporter.info(text);
  return ArtifactCache.open(path, { limit: Number.POSITIVE_INFINITY, now: () => now().getTime(), report });
}

const CONTENT_TEXTS: Readonly<Record<CacheContent, string>> = {
  blocks: "blocks of files",
  layer: "names in a layer",
  squashfs: "whole squashfs",
  erofs: "whole erofs",
  unknown: "of another version",
};

/** One line for each entry, and a last line with the total. */
function entryLines(entries: readonly ListedEntry[]): string {
  const lines = entries.map(({ path, size, used, content }) => {
    const when = used === 0 ? "incomplete" : new Date(used).toISOString().slice(0, 16).replace("T", " ");
    const name = path.slice(path.lastIndexOf("/") + 1);
    return `${formatBytes(size).padStart(9)}  ${when.padEnd(16)}  ${CONTENT_TEXTS[content].padEnd(18)}  ${name}\n`;
  });
  return `${lines.join("")}${totalOf(entries)}\n`;
}

function totalOf(entries: readonly CacheEntry[]): string {
  const bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return `${counted(entries.length, "entry", "entries")} with ${formatBytes(bytes)}`;
}
