import type { Plan } from "../contract/plan/plan.ts";
import type { BuildRun } from "./build-run.ts";
import { assembleStage, type BegunIso } from "./stage/assemble.ts";
import { implantStage } from "./stage/implant.ts";

/**
 * Makes the ISO, or completes an ISO that was begun. Does nothing if the build ends before the ISO. The assemble stage
 * implants the checksum while it has the file open. The implant stage is only for an ISO of an earlier run.
 */
export async function makeIso(
  { session, options, output, wanted, run }: BuildRun,
  plan: Plan,
  begun: BegunIso | undefined,
): Promise<void> {
  const { context } = session;
  const { strictGpt, freshness } = options;
  if (output === undefined) return;
  // Releasing the image frees space for the ISO. A temporary work directory still refers to the image.
  if (session.work.kept) await session.releaseImages();
  const checksum = wanted.has("implant") ? "implant" : "leave";
  if (wanted.has("assemble"))
    await run(await assembleStage(plan, context, { output, strictGpt, checksum, begun }));
  else if (wanted.has("implant")) await run(implantStage(context, { output, force: freshness === "always" }));
}
