import { closeSync, ftruncateSync, openSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../base/interrupt.ts";
import type { FileRange } from "../../bytes/byte-range.ts";
import { unreadableFile, writeAtSync } from "../../bytes/chunk.ts";
import { copyRange } from "../../files/file-copy.ts";
import { sizeOf } from "./description.ts";
import type { IsoImage, Placed } from "./layout-iso.ts";

const WHAT = "the writing of the ISO";

interface WriteOptions {
  signal: AbortSignal;
  /** Called with the bytes of files that were written so far. */
  onBytes: (done: number) => void;
}

/**
 * Writes an ISO into an open file. The file is empty except for a content that is already in place. The descriptors and
 * partition tables are written last.
 * @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK`, `E_INTERRUPTED`; the system's error if the file cannot be
 * written
 */
export async function writeIso(fd: number, image: IsoImage, options: WriteOptions): Promise<void> {
  // Set the length first, because XFS reserves space after the end of a growing file.
  ftruncateSync(fd, image.size);
  let done = 0;
  for (const { at, content } of image.contents) {
    throwIfAborted(options.signal, WHAT);
    if ("bytes" in content) writeAtSync(fd, content.bytes, at);
    if ("path" in content) await copyHostFile(fd, { at, content }, { ...options, done });
    if ("range" in content) await copyPart(fd, { at, content: content.range }, { ...options, done });
    done += sizeOf(content);
    options.onBytes(done);
    await setImmediate();
  }
  for (const { at, content } of image.structures) writeAtSync(fd, content, at);
}

async function copyHostFile(
  fd: number,
  { at, content }: Placed<{ path: string; size: number }>,
  options: WriteOptions & { done: number },
): Promise<void> {
  const file = { path: content.path, fd: openForReading(content.path) };
  try {
    await copyPart(fd, { at, content: { file, start: 0, length: content.size } }, options);
  } finally {
    closeSync(file.fd);
  }
}

async function copyPart(
  fd: number,
  { at, content }: Placed<FileRange>,
  { signal, onBytes, done }: WriteOptions & { done: number },
): Promise<void> {
  const copying = { what: WHAT, signal, onBytes: (copied: number) => onBytes(done + copied) };
  await copyRange(content, { fd, offset: at }, copying);
}

function openForReading(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    throw unreadableFile(error, path);
  }
}
