import type { RootPlan, SelinuxPlan } from "../../contract/plan/plan.ts";
import type { AttributesOf } from "../../image/entry-walk.ts";
import type { ImageTree } from "../../image/image-tree.ts";
import { readWhole } from "../../image/read-whole.ts";
import { readImagePolicy } from "../../selinux/image-policy.ts";
import { imageLabels, policyLabels, withoutLabels } from "../../selinux/labels.ts";
import { imageChanged } from "../work/image-changed.ts";

/** Changes if the same policy gives other labels than before. */
const LABELS = 1;

/** The input of the squash that decides the labels: those of the image depend on its content. */
export function selinuxInput({ labels, policy }: SelinuxPlan): string {
  return `${LABELS} ${labels} ${policy?.digest ?? ""}`;
}

/**
 * The attributes of the root file system's entries as the plan wants them; undefined to leave them as they are.
 * @throws PlatterError `E_IMAGE_CHANGED` if the policy is not the plan's any more
 */
export async function labelsOf(
  tree: ImageTree,
  { image, selinux }: RootPlan,
): Promise<AttributesOf | undefined> {
  if (selinux === undefined) return undefined;
  switch (selinux.labels) {
    case "none":
      return withoutLabels();
    case "image":
      return imageLabels();
    case "policy": {
      const found = await readImagePolicy(tree.root, (node) => readWhole(tree, node.inode));
      if (found === undefined || found.digest !== selinux.policy?.digest) throw imageChanged(image.reference);
      return policyLabels(found.policy);
    }
    default:
      throw selinux.labels satisfies never;
  }
}
