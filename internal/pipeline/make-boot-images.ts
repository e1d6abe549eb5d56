import type { Plan } from "../contract/plan/plan.ts";
import type { BuildRun } from "./build-run.ts";
import { biosImageStage } from "./stage/bios-image.ts";
import { efiImageStage } from "./stage/efi-image.ts";
import { renderGrubStage } from "./stage/render-grub.ts";

/** Makes the menus, the core image for BIOS and the ESP in the work directory. */
export async function makeBootImages({ session, wanted, run }: BuildRun, plan: Plan): Promise<void> {
  const { context } = session;
  if (wanted.has("render-grub")) await run(renderGrubStage(plan, context));
  if (wanted.has("bios-image")) {
    if (plan.bios !== null) await run(biosImageStage(plan, context));
    else context.reporter.task("bios-image").skipped("the ISO is for UEFI only");
  }
  if (wanted.has("efi-image")) await run(efiImageStage(plan, context));
}
