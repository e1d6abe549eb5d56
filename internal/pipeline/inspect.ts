import type { BootClaims } from "../contract/findings/boot-claims.ts";
import { withoutIgnored } from "../contract/findings/ignored-findings.ts";
import { PARTS, type Part } from "../contract/findings/plan-parts.ts";
import { claimBoots } from "../contract/plan/claim-boots.ts";
import { checkCompression } from "../contract/plan/kernel-mounts.ts";
import { makePlan } from "../contract/plan/make-plan.ts";
import { isWhole, type Plan } from "../contract/plan/plan.ts";
import type { FoundFile } from "../image/find-file.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { readWhole } from "../image/read-whole.ts";
import { summarizeInitramfs } from "../initramfs/summary.ts";
import { parseRootfsOptions } from "../rootfs/rootfs-options.ts";
import { type DecidedImage, decideOnImage } from "./decide.ts";
import { textsOf } from "./image-texts.ts";
import { requireInputs } from "./require-inputs.ts";
import type { Session } from "./session.ts";
import type { Context } from "./work/context.ts";
import { savePiece } from "./work/save-piece.ts";

type MadePlan = Awaited<ReturnType<typeof makePlan>>;

/** The result of `inspect` for an image. Plan and boots are undefined if no ISO can be made of it. */
export interface Inspection extends Omit<MadePlan, "plan"> {
  tree: ImageTree;
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
  const { tree } = image;
  const { plan, findings, secureBoot } = await makePlanOf(image, session.context, PARTS);
  if (plan === undefined || !isWhole(plan)) {
    const shown = withoutIgnored(findings, ignored);
    return { tree, plan: undefined, boots: undefined, findings: shown, secureBoot };
  }
  const all = [...findings, ...checkCompression(plan, DEFAULT_ROOTFS)];
  return { tree, plan, boots: claimBoots(plan, all), findings: withoutIgnored(all, ignored), secureBoot };
}

/**
 * Makes the plan with these parts, or returns the findings that prevent it. The pieces of the image that the ISO needs are
 * saved in the work directory. The plan is written there if an ISO can be made of it.
 */
export async function makePlanOf(
  { tree, decision }: DecidedImage,
  { work, signal }: Pick<Context, "work" | "signal">,
  parts: readonly Part[],
): Promise<MadePlan> {
  await work.removePlan();
  const inputs = {
    tree,
    save: (found: FoundFile, file: string) => savePiece(tree, found, { work, file }),
    readText: textsOf(tree),
    readInitramfs: ({ inode }: FoundFile["node"]) => summarizeInitramfs(tree.read(inode), { signal }),
    readBytes: ({ inode }: FoundFile["node"]) => readWhole(tree, inode),
  };
  const made = await makePlan(decision, inputs, parts);
  if (made.plan !== undefined && isWhole(made.plan)) await work.writePlan(made.plan);
  return made;
}
