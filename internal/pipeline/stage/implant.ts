import { existsSync } from "node:fs";
import { PlatterError } from "../../base/error.ts";
import { implantIsoMd5 } from "../../isomd5/file.ts";
import { commandLine } from "../../process/command-line.ts";
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
      if (!existsSync(options.output)) throw missingIso(options.output, context.work.path);
      const { md5 } = await implantIsoMd5(options.output, {
        present: options.force ? "replace" : "keep",
        signal: context.signal,
        onProgress: (done, total) => task.progress(done, total),
      });
      return { detail: md5 };
    },
  };
}

function missingIso(path: string, work: string): PlatterError {
  const make = commandLine(["platter", "build", "--work", work, "-o", path]);
  return new PlatterError({
    code: "E_STAGE_MISSING",
    kind: "usage",
    message: `Cannot run \`implant\`: \`${path}\` does not exist`,
    hint: `Run \`${make}\`, which makes the ISO from the folder, with its checksum.`,
  });
}
