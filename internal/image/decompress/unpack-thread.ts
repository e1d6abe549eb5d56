/** The program of a thread that decompresses layers: answers each request in turn. */
import { type UnpackRequest, unpack } from "./unpack.ts";

declare const self: Worker;

self.onmessage = async ({ data: { job, limits } }: MessageEvent<UnpackRequest>) => {
  self.postMessage(await unpack(job, limits));
};
