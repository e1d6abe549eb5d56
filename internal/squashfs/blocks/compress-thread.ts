/** The program of a compressing thread: answers each request with the block, in turn. */
import { PlatterError } from "../../base/error.ts";
import type { PackAnswer, PackedBlock, PackRequest } from "./compressors.ts";
import { Packer } from "./pack-block.ts";

declare const self: Worker;

const packer = new Packer();

self.onmessage = ({ data: request }: MessageEvent<PackRequest>) => {
  const answer = answerOf(request);
  self.postMessage(answer, answer === undefined ? [] : memoryOf(answer));
};

function answerOf(request: PackRequest): PackAnswer {
  try {
    return packer.pack(request);
  } catch (error) {
    if (error instanceof PlatterError) return undefined;
    throw error;
  }
}

/** The memory that goes to the other thread. The stored bytes may be in the request's buffer. */
function memoryOf({ bytes, buffer }: PackedBlock): ArrayBuffer[] {
  return [...new Set(buffer === undefined ? [bytes.buffer] : [bytes.buffer, buffer.buffer])];
}
