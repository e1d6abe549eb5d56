import { z } from "zod";
import { PlatterError } from "../../base/error.ts";
import { errnoOf } from "../../base/machine-error.ts";
import { readInputText } from "../../files/open-input.ts";

/** Increase the number if older entries must not be used any more. */
export const CACHE_VERSION = 4;

/** Most bytes of a record. */
const MAX_RECORD = 64 * 1024;

const recordSchema = z.strictObject({
  version: z.literal(CACHE_VERSION),
  /** The key of the entry, so that an entry that was renamed is not taken for another. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().nonnegative(),
  /** The `fileChecksum` of an artifact that is used as a whole. Blocks and tables have checksums of their own. */
  checksum: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
});

type CacheRecord = z.infer<typeof recordSchema>;

/** The text of the record of an artifact. */
export function printRecord(artifact: Omit<CacheRecord, "version">): string {
  const record: CacheRecord = { version: CACHE_VERSION, ...artifact };
  return `${JSON.stringify(record)}\n`;
}

/** Why a file of an entry was not read. `unreadable` says nothing about the file, such as if too many files are open. */
export type Unread = "absent" | "damaged" | "unreadable";

export function readRecord(path: string): CacheRecord | Unread {
  try {
    const text = readInputText(path, { code: "E_CACHE", limit: MAX_RECORD });
    return recordSchema.safeParse(JSON.parse(text)).data ?? "damaged";
  } catch (error) {
    return unreadFor(error);
  }
}

/** The reason of an error of reading a file of an entry. */
export function unreadFor(error: unknown): Unread {
  if (systemErrno(error) === "ENOENT") return "absent";
  return isDamage(error) ? "damaged" : "unreadable";
}

/** Errors of reading a file that does not exist. */
const MISSING = ["ENOENT", "ENOTDIR"];
/** Errors of reading a file that is another user's, a link, or on a damaged disk. */
export const UNREADABLE = ["EACCES", "EPERM", "EIO", "ELOOP"];

/** Whether an error of reading a file of an entry means that the entry cannot be used any more. */
export function isDamage(error: unknown): boolean {
  const errno = systemErrno(error);
  return errno === undefined || MISSING.includes(errno) || UNREADABLE.includes(errno);
}

/** The errno name of an error of the system, or of a PlatterError that it caused. */
function systemErrno(error: unknown): string | undefined {
  return errnoOf(error instanceof PlatterError ? error.cause : error);
}
