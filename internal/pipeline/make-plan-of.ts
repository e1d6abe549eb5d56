import type { Part } from "../contract/findings/plan-parts.ts";
import { makePlan } from "../contract/plan/make-plan.ts";
import { isWhole } from "../contract/plan/plan.ts";
import type { AddedFile } from "../contract/plan/plan-options.ts";
import type { FoundFile } from "../image/find-file.ts";
import { readWhole } from "../image/read-whole.ts";
import { summarizeInitramfs } from "../initramfs/summary.ts";
import type { DecidedImage } from "./decide.ts";
import { textsOf } from "./image-texts.ts";
import type { Context } from "./work/context.ts";
import { hostFile, imageFile } from "./work/piece-content.ts";
import { savePiece } from "./work/save-piece.ts";

export type MadePlan = Awaited<ReturnType<typeof makePlan>>;

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
    save: (found: FoundFile, file: string) => savePiece(imageFile(tree, found), { work, file }),
    saveAdded: (added: AddedFile, file: string) => savePiece(hostFile(added, signal), { work, file }),
    readText: textsOf(tree),
    readInitramfs: ({ inode }: FoundFile["node"]) => summarizeInitramfs(tree.read(inode), { signal }),
    readBytes: ({ inode }: FoundFile["node"]) => readWhole(tree, inode),
  };
  const made = await makePlan(decision, inputs, parts);
  if (made.plan !== undefined && isWhole(made.plan)) await work.writePlan(made.plan);
  return made;
}
