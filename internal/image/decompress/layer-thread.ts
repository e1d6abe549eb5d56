/** The program of a thread that decompresses layers. It answers requests in order. */
import { type LayerRequest, runLayerJob } from "./layer-job.ts";

declare const self: Worker;

self.onmessage = async ({ data: { job, limits } }: MessageEvent<LayerRequest>) => {
  self.postMessage(await runLayerJob(job, limits));
};
