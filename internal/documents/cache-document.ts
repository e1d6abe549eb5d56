import { basename } from "node:path";
import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

/** Kinds of entries of a cache: blocks of files, what later builds need of a layer, or a whole root file system. */
const CACHE_CONTENTS = ["blocks", "layer", "squashfs", "erofs", "unknown"] as const;
export type CacheContent = (typeof CACHE_CONTENTS)[number];

const entrySchema = () =>
  z.strictObject({
    name: z.string().describe("Name of the entry's folder."),
    content: z
      .enum(CACHE_CONTENTS)
      .describe(
        "Blocks of files, the table of a layer, or a whole root file system. Unknown for another version.",
      ),
    size: z.int().describe("Bytes of its files."),
    used: z.iso
      .datetime()
      .nullable()
      .describe("Time of the last use, in ISO 8601. Null if it is incomplete."),
  });

export const cacheSchema = () =>
  resultSchema({
    folder: z.string().describe("Absolute path of the cache."),
    size: z.int().describe("Bytes of all entries."),
    entries: z.array(entrySchema()).describe("The entries, the last used first."),
    removed: z.array(entrySchema()).describe("The entries that --prune removed."),
  });

interface Entry {
  path: string;
  size: number;
  /** Milliseconds since 1970. 0 if the entry is incomplete. */
  used: number;
  content: CacheContent;
}

/** The result of `cache`. */
export function cacheDocument(
  folder: string,
  { entries, removed }: { entries: readonly Entry[]; removed: readonly Entry[] },
): Document<typeof cacheSchema> {
  const size = entries.reduce((sum, entry) => sum + entry.size, 0);
  return {
    version: DOCUMENT_VERSION,
    folder,
    size,
    entries: entries.map(shown),
    removed: removed.map(shown),
  };
}

function shown({ path, size, used, content }: Entry): z.output<ReturnType<typeof entrySchema>> {
  return { name: basename(path), content, size, used: used === 0 ? null : new Date(used).toISOString() };
}
