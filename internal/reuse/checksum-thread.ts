/** The program of a thread that reads the stored blocks of an earlier ISO or squashfs. It answers requests in order. */
import { checksumOf } from "../squashfs/blocks/block-table.ts";
import { LARGEST_BLOCK } from "../squashfs/blocks/format.ts";
import { storedBytes } from "../squashfs/blocks/stored-block.ts";
import type { ChecksumAnswer, ChecksumRequest } from "./stored-checksums.ts";

declare const self: Worker;

const room = new Uint8Array(LARGEST_BLOCK);

self.onmessage = ({ data: { fd, blocks } }: MessageEvent<ChecksumRequest>) => {
  const checksums: ChecksumAnswer = blocks.map((block) => {
    const stored = storedBytes({ fd, ...block }, room);
    return stored && checksumOf(stored);
  });
  self.postMessage(checksums);
};
