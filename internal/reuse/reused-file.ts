import { availableParallelism } from "node:os";
import { PlatterError } from "../base/error.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { runTogether } from "../base/run-together.ts";
import { Threads } from "../base/threads.ts";
import { type FileSource, openFileSource, slice } from "../files/byte-source.ts";
import { recordedChecksum } from "../files/checksum-file.ts";
import { BlockRecords } from "../squashfs/blocks/block-records.ts";
import type { CodecOptions } from "../squashfs/blocks/codec.ts";
import {
  type Checksum,
  type DigestAnswer,
  type DigestRequest,
  STOP,
  type WantedBlock,
} from "./digest-request.ts";
import { findSquashfs } from "./find-squashfs.ts";
import type { KnownFile } from "./known-files.ts";
import { blocksOfSquashfs, type Wanted } from "./squashfs-blocks.ts";

/** Blocks in one request to a thread. */
const BATCH = 16;

/** A reason why no block of a file is used, in the form "it is …". */
export type Unusable = { reason: string };

/**
 * The blocks of an ISO, or of a squashfs, that an earlier build wrote. They count only if the file has the checksum that
 * is in it or next to it, and if blocks that are compressed again give the same bytes.
 * @throws PlatterError `E_ISO_OPEN` if the file cannot be opened, `E_INTERRUPTED`
 */
export async function openReused(
  path: string,
  { wanted, signal }: { wanted: Wanted; signal: AbortSignal },
): Promise<KnownFile | Unusable> {
  const source = await openFileSource(path);
  let isKept = false;
  try {
    const place = await findSquashfs(source);
    if (typeof place === "string") return { reason: place };
    const blocks = await blocksOfSquashfs(slice(source, place.start, place.length), wanted);
    if (typeof blocks === "string") return { reason: blocks };
    const options = { path, fd: source.fd, start: place.start, codec: wanted, signal };
    const records = await readDigests(blocks, options);
    if (!(records instanceof BlockRecords)) return records;
    isKept = true;
    return { fd: source.fd, start: place.start, blocks: records, close: () => void close(source) };
  } finally {
    if (!isKept) await close(source);
  }
}

interface Reading {
  path: string;
  fd: number;
  /** The squashfs's first byte in the file. */
  start: number;
  codec: CodecOptions;
  signal: AbortSignal;
}

async function readDigests(
  blocks: readonly WantedBlock[],
  reading: Reading,
): Promise<BlockRecords | Unusable> {
  let sha256: string | undefined;
  try {
    sha256 = recordedChecksum(reading.path);
  } catch (error) {
    if (error instanceof PlatterError) return { reason: "the checksum file next to it cannot be read" };
    throw error;
  }
  using threads = new Threads<DigestRequest, DigestAnswer>("reuse/digest-thread", { ahead: 1 });
  const [checksum, records] = await runTogether([
    () => readChecksum(threads, { ...reading, sha256 }),
    () => readBlocks(threads, blocks, reading),
  ]);
  throwIfAborted(reading.signal, "the reading of the earlier ISO");
  if (checksum === "absent") return { reason: "it does not have a checksum, in itself or next to it" };
  return checksum === "right" ? records : { reason: "it does not have its checksum" };
}

/** One thread reads the whole file. */
async function readChecksum(
  threads: Threads<DigestRequest, DigestAnswer>,
  { path, sha256, signal }: Reading & { sha256: string | undefined },
): Promise<Checksum> {
  const stop = new SharedArrayBuffer(4);
  const onAbort = () => Atomics.store(new Int32Array(stop), 0, STOP);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    if (signal.aborted) return "unread";
    const answer = await threads.ask({ kind: "checksum", path, sha256, stop });
    return answer.kind === "checksum" ? answer.checksum : "unread";
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function readBlocks(
  threads: Threads<DigestRequest, DigestAnswer>,
  blocks: readonly WantedBlock[],
  { fd, start, codec: { compression, level }, signal }: Reading,
): Promise<BlockRecords | Unusable> {
  const records = new BlockRecords();
  let [next, isForeign] = [0, false];
  const readOn = async () => {
    while (next < blocks.length && !isForeign && !signal.aborted) {
      const batch = blocks.slice(next, next + BATCH);
      next += BATCH;
      const moved = batch.map((block) => ({ ...block, offset: start + block.offset }));
      const request = { kind: "blocks", fd, blocks: moved, codec: { compression, level } } as const;
      const answer = await threads.ask(request);
      if (answer.kind !== "blocks") return;
      for (const [i, digest] of answer.digests.entries()) {
        if (digest === "foreign") isForeign = true;
        else if (digest !== "damaged") records.add({ ...batch[i]!, ...digest });
      }
    }
  };
  // No more requests than threads wait, so that an interruption does not wait for them.
  await runTogether(Array.from({ length: availableParallelism() }, () => readOn));
  return isForeign ? { reason: "another program or version compressed it" } : records;
}

async function close(source: FileSource): Promise<void> {
  await source[Symbol.asyncDispose]();
}
