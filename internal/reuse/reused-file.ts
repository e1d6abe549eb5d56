import { availableParallelism } from "node:os";
import { throwIfAborted } from "../base/interrupt.ts";
import { runTogether } from "../base/run-together.ts";
import { Threads } from "../base/threads.ts";
import { type FileSource, openFileSource, slice } from "../files/byte-source.ts";
import { BlockRecords } from "../squashfs/blocks/block-records.ts";
import type { BlockDigest, DigestAnswer, DigestRequest, WantedBlock } from "./digest-request.ts";
import { findSquashfs } from "./find-squashfs.ts";
import type { KnownFile } from "./known-files.ts";
import { blocksOfSquashfs, type Wanted } from "./squashfs-blocks.ts";

/** Blocks in one request to a thread. */
const BATCH = 16;

/** A reason why no block of a file is used, in the form "it is …". */
export type Unusable = { reason: string };

/**
 * The blocks of an ISO, or of a squashfs, that an earlier build wrote. They count only if the record of the squashfs names
 * the codec of this build and has the checksum of all blocks.
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
    const found = await blocksOfSquashfs(slice(source, place.start, place.length), wanted);
    if (typeof found === "string") return { reason: found };
    const { fd } = source;
    const digests = await digestsOfAll(found.blocks, { fd, start: place.start, signal });
    throwIfAborted(signal, "the reading of the earlier ISO");
    const blocks = digests && recordsOf(found.blocks, digests);
    if (blocks?.checksum !== found.checksum) return { reason: "its blocks are damaged" };
    isKept = true;
    return { fd, start: place.start, blocks, close: () => void close(source) };
  } finally {
    if (!isKept) await close(source);
  }
}

/** The digests of all blocks in a squashfs that begins at byte `start`. Undefined if a block is damaged, or if aborted. */
async function digestsOfAll(
  blocks: readonly WantedBlock[],
  { fd, start, signal }: { fd: number; start: number; signal: AbortSignal },
): Promise<BlockDigest[] | undefined> {
  using threads = new Threads<DigestRequest, DigestAnswer>("reuse/digest-thread", { ahead: 1 });
  const digests: BlockDigest[] = new Array(blocks.length);
  let [next, isDamaged] = [0, false];
  const readOn = async () => {
    while (next < blocks.length && !isDamaged && !signal.aborted) {
      const first = next;
      next += BATCH;
      const batch = blocks.slice(first, next).map((block) => ({ ...block, offset: start + block.offset }));
      const answer = await threads.ask({ fd, blocks: batch });
      if (answer === "damaged") isDamaged = true;
      else for (const [i, digest] of answer.entries()) digests[first + i] = digest;
    }
  };
  // No more requests than threads wait, so that an interruption does not wait for them.
  await runTogether(Array.from({ length: availableParallelism() }, () => readOn));
  return isDamaged || signal.aborted ? undefined : digests;
}

function recordsOf(blocks: readonly WantedBlock[], digests: readonly BlockDigest[]): BlockRecords {
  const records = new BlockRecords();
  for (const [i, { offset, length }] of blocks.entries()) records.add({ offset, length, ...digests[i]! });
  return records;
}

async function close(source: FileSource): Promise<void> {
  await source[Symbol.asyncDispose]();
}
