import type { BootClaims } from "../contract/findings/boot-claims.ts";
import { withoutIgnored } from "../contract/findings/ignored-findings.ts";
import { PARTS } from "../contract/findings/plan-parts.ts";
import { claimBoots } from "../contract/plan/claim-boots.ts";
import type { Decision } from "../contract/plan/decision.ts";
import { checkCompression } from "../contract/plan/kernel-mounts.ts";
import { isWhole, type Plan } from "../contract/plan/plan.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { parseRootfsOptions } from "../rootfs/rootfs-options.ts";
import { decideOnImage } from "./decide.ts";
import { type MadePlan, makePlanOf } from "./make-plan-of.ts";
import { requireInputs } from "./require-inputs.ts";
import type { Session } from "./session.ts";

/** The result of `inspect` for an image. Plan and boots are undefined if no ISO can be made of it. */
export interface Inspection extends Omit<MadePlan, "plan"> {
  tree: ImageTree;
  decision: Decision;
  plan: Plan | undefined;
  boots: BootClaims | undefined;
}

/** The root file system that `build` makes without options. */
const DEFAULT_ROOTFS = parseRootfsOptions({ rootfs: "squashfs" });

/**
 * Opens the image that the user named, and makes its plan. If no plan can be made, the findings give the reason.
 * @throws PlatterError the errors of {@link requireInputs} and {@link decideOnImage}
 */
export async function inspectImage(session: Session, reference: string): Promise<Inspection> {
  const { ignored } = session.options;
  await requireInputs(session, []);
  const image = await decideOnImage(session, reference);
  const { plan, findings, secureBoot } = await makePlanOf(image, session.context, PARTS);
  image.task.done();
  if (plan === undefined || !isWhole(plan)) {
    const shown = withoutIgnored(findings, ignored);
    return { ...image, plan: undefined, boots: undefined, findings: shown, secureBoot };
  }
  const all = [...findings, ...checkCompression(plan, DEFAULT_ROOTFS)];
  return { ...image, plan, boots: claimBoots(plan, all), findings: withoutIgnored(all, ignored), secureBoot };
}
