import { availableParallelism } from "node:os";
import { runTogether } from "../base/run-together.ts";
import { Threads } from "../base/threads.ts";
import { checksumOf } from "../squashfs/blocks/block-table.ts";
import type { StoredPlace } from "./earlier-tables.ts";

/** Blocks in one request to a thread. */
const BATCH = 64;

/** A request for the checksums of stored blocks. Their offsets count from the file's first byte. */
export interface ChecksumRequest {
  fd: number;
  blocks: readonly StoredPlace[];
}

/** In the order of the request. Undefined for a block that cannot be read. */
export type ChecksumAnswer = (bigint | undefined)[];

/**
 * The checksum of stored blocks as the record of the codec has it. Undefined if one cannot be read, or if aborted. Offsets
 * count from byte `start` of the file.
 */
export async function checksumOfBlocks(
  blocks: readonly StoredPlace[],
  { fd, start, signal }: { fd: number; start: number; signal: AbortSignal },
): Promise<bigint | undefined> {
  using threads = new Threads<ChecksumRequest, ChecksumAnswer>("reuse/checksum-thread", { ahead: 1 });
  const checksums = new BigUint64Array(blocks.length);
  let [next, isDamaged] = [0, false];
  const readOn = async () => {
    while (next < blocks.length && !isDamaged && !signal.aborted) {
      const first = next;
      next += BATCH;
      const batch = blocks
        .slice(first, next)
        .map(({ offset, length }) => ({ offset: start + offset, length }));
      const answer = await threads.ask({ fd, blocks: batch });
      for (const [i, checksum] of answer.entries()) {
        if (checksum === undefined) isDamaged = true;
        else checksums[first + i] = checksum;
      }
    }
  };
  // No more requests than threads wait, so that an interruption does not wait for them.
  await runTogether(Array.from({ length: availableParallelism() }, () => readOn));
  return isDamaged || signal.aborted ? undefined : checksumOf(new Uint8Array(checksums.buffer));
}
