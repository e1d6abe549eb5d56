/** The program of a compressing thread: answers each request with the block, in turn. */
import { PlatterError } from "../../base/error.ts";
import type { PackAnswer, PackRequest } from "./compressors.ts";
import { Packer } from "./pack-block.ts";

declare const self: Worker;

const packer = new Packer();

self.onmessage = ({ data: request }: MessageEvent<PackRequest>) => {
  self.postMessage(answerOf(request), [request.buffer.buffer]);
};

function answerOf(request: PackRequest): PackAnswer {
  try {
    return packer.pack(request);
  } catch (error) {
    if (error instanceof PlatterError) return { unread: request.buffer };
    throw error;
  }
}
