/** The program of a thread that reads the blocks of an earlier ISO or squashfs. It answers requests in order. */
import type { DigestRequest } from "./digest-request.ts";
import { digestsOf } from "./stored-content.ts";

declare const self: Worker;

self.onmessage = ({ data: request }: MessageEvent<DigestRequest>) => {
  self.postMessage(digestsOf(request));
};
