/** The program of a thread that decompresses layers: answers each request in turn. */
import { type LayerRequest, runLayerJob } from "./layer-job.ts";

declare const self: Worker;

self.onmessage = async ({ data: { job, limits } }: MessageEvent<LayerRequest>) => {
  self.postMessage(await runLayerJob(job, limits));
};
