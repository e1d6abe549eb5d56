import { throwIfAborted } from "../base/interrupt.ts";
import { type FileSource, openFileSource, slice } from "../files/byte-source.ts";
import type { EarlierFiles } from "../squashfs/blocks/block-reuse.ts";
import { EarlierSquashfs } from "./earlier-squashfs.ts";
import { readEarlierTables, type Wanted } from "./earlier-tables.ts";
import { findSquashfs } from "./find-squashfs.ts";
import { checksumOfBlocks } from "./stored-checksums.ts";

/** A reason why no block of a file is used, in the form "it is …". */
export type Unusable = { reason: string };

/** The squashfs of an earlier build. Disposing closes its file. */
export interface ReusedFile extends EarlierFiles, Disposable {}

/**
 * Opens an ISO, or a squashfs, that an earlier build wrote. Its blocks count only if the record of the squashfs names the
 * codec of this build and has the checksum of all blocks.
 * @throws PlatterError `E_ISO_OPEN` if the file cannot be opened, `E_INTERRUPTED`
 */
export async function openReused(
  path: string,
  { wanted, signal }: { wanted: Wanted; signal: AbortSignal },
): Promise<ReusedFile | Unusable> {
  const source = await openFileSource(path);
  let isKept = false;
  try {
    const place = await findSquashfs(source);
    if (typeof place === "string") return { reason: place };
    const tables = await readEarlierTables(slice(source, place.start, place.length), wanted);
    if (typeof tables === "string") return { reason: tables };
    const { fd } = source;
    const { start } = place;
    const checksum = await checksumOfBlocks(tables.blocks, { fd, start, signal });
    throwIfAborted(signal, "the reading of the earlier ISO");
    if (checksum !== tables.checksum) return { reason: "its blocks are damaged" };
    isKept = true;
    return withFile(source, new EarlierSquashfs({ fd, start }, tables, wanted));
  } finally {
    if (!isKept) await close(source);
  }
}

function withFile(source: FileSource, earlier: EarlierFiles): ReusedFile {
  return { content: (path) => earlier.content(path), [Symbol.dispose]: () => void close(source) };
}

async function close(source: FileSource): Promise<void> {
  await source[Symbol.asyncDispose]();
}
