import type { FoundFile } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import type { InitramfsSummary } from "../../initramfs/summary.ts";
import type { DecisionInputs } from "./decision.ts";
import type { Piece } from "./plan.ts";
import type { AddedFile } from "./plan-options.ts";

/** The inputs of a plan besides the decision. */
export interface PlanInputs extends Omit<DecisionInputs, "treeDigest" | "owners"> {
  /** Keeps a file of the image under a name in the work directory, and returns its size and digest. */
  save: (found: FoundFile, file: string) => Promise<Piece>;
  /** Keeps a file of the host under a name in the work directory, and returns its size and digest. */
  saveAdded: (added: AddedFile, file: string) => Promise<Piece>;
  /** Reads an initramfs of the image from its beginning to its end. */
  readInitramfs: (node: TreeNode) => Promise<InitramfsSummary>;
}
