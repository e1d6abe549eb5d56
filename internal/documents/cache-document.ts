import { basename } from "node:path";
import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const entrySchema = () =>
  z.strictObject({
    name: z.string().describe("Name of the entry's folder."),
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

function shown({ path, size, used }: Entry): z.output<ReturnType<typeof entrySchema>> {
  return { name: basename(path), size, used: used === 0 ? null : new Date(used).toISOString() };
}
