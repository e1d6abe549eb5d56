import { z } from "zod";
import { errnoOf } from "../../base/machine-error.ts";
import { readInputText } from "../../files/open-input.ts";

/** Increase the number if older entries must not be used any more. */
export const CACHE_VERSION = 3;

/** Most bytes of a record. */
const MAX_RECORD = 64 * 1024;

const recordSchema = z.strictObject({
  version: z.literal(CACHE_VERSION),
  /** The key of the entry, so that an entry that was renamed is not taken for another. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  /** The checksum of the artifact, from `fileChecksum`. */
  checksum: z.string().regex(/^[0-9a-f]{16}$/),
});

type CacheRecord = z.infer<typeof recordSchema>;

/** The text of the record of an artifact. */
export function printRecord(artifact: Omit<CacheRecord, "version">): string {
  const record: CacheRecord = { version: CACHE_VERSION, ...artifact };
  return `${JSON.stringify(record)}\n`;
}

/** Bytes of the artifact; undefined if its record is missing or damaged. */
export function readRecordedSize(path: string): number | undefined {
  const record = readRecord(path);
  return typeof record === "string" ? undefined : record.size;
}

export function readRecord(path: string): CacheRecord | "absent" | "damaged" {
  try {
    const text = readInputText(path, { code: "E_CACHE", limit: MAX_RECORD });
    return recordSchema.safeParse(JSON.parse(text)).data ?? "damaged";
  } catch (error) {
    return errnoOf((error as Error).cause) === "ENOENT" ? "absent" : "damaged";
  }
}
