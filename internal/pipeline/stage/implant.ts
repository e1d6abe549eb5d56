import { implantIsoMd5 } from "../../isomd5/file.ts";
import type { Context } from "../work/context.ts";
import type { Stage } from "./stage.ts";

/** Implants the checksum into an ISO of an earlier run. */
export function implantStage(context: Context, options: { output: string; force: boolean }): Stage {
  return {
    name: "implant",
    tools: [],
    inputs: {},
    outputs: [options.output],
    run: async (task) => {
      const { md5 } = await implantIsoMd5(options.output, {
        present: options.force ? "replace" : "keep",
        signal: context.signal,
        onProgress: (done, total) => task.progress(done, total),
      });
      return { detail: md5 };
    },
  };
}
