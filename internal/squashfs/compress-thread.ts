/** The program of a compressing thread: answers each request with the block, in turn. */
import { codecOf } from "./codec.ts";
import type { PackedBlock, PackRequest } from "./compressors.ts";

declare const self: Worker;

self.onmessage = ({ data: request }: MessageEvent<PackRequest>) => {
  const { data, length, options } = request;
  const packed = codecOf(options)?.pack?.(data.subarray(0, length)) as Uint8Array<ArrayBuffer> | undefined;
  const isShorter = packed !== undefined && packed.length < length;
  const block: PackedBlock = { data, packed: isShorter ? packed : undefined };
  self.postMessage(block, isShorter ? [data.buffer, packed.buffer] : [data.buffer]);
};
