import type { TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { LABEL, LAYER_LABEL } from "../../image/xattr-set.ts";
import { type ReadFile, readImagePolicy, readSelinuxConfig } from "../../selinux/image-policy.ts";
import type { SelinuxChoice } from "../../selinux/labels.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { SelinuxPlan } from "./plan.ts";

export interface SelinuxDecision {
  /** Undefined if the image does not have a policy, and the user did not choose. */
  plan: SelinuxPlan | undefined;
  /** Whether the root file system has labels. */
  labelled: boolean;
  findings: Finding[];
}

/**
 * Decides which labels the root file system gets.
 * @throws PlatterError `E_SELINUX_POLICY` if labels are to be made by a policy that platter cannot read
 */
export async function decideSelinux(
  { root, reference, readBytes }: { root: TreeNode; reference: string; readBytes: ReadFile },
  choice: SelinuxChoice,
): Promise<SelinuxDecision> {
  if (choice === "off" || choice === "keep") {
    const mode = (await readSelinuxConfig(root, readBytes))?.mode ?? null;
    const labels = choice === "off" ? "none" : "image";
    const labelled = choice === "keep" && [LABEL, LAYER_LABEL].some((name) => isLabelled(root, name));
    return { plan: { labels, mode, policy: null }, labelled, findings: [] };
  }
  const found = await readImagePolicy(root, readBytes);
  if (found === undefined) {
    const seen = `\`${reference}\` does not have an \`/etc/selinux/config\` that names a policy with \`file_contexts\`.`;
    const findings = choice === "require" ? [finding("F_SELINUX_NO_POLICY", seen)] : [];
    return { plan: undefined, labelled: isLabelled(root, LABEL), findings };
  }
  const { mode = null, type, digest, policy } = found;
  const plan: SelinuxPlan = { labels: "policy", mode, policy: { type, patterns: policy.patterns, digest } };
  return { plan, labelled: true, findings: [] };
}

/** The root directory and `/usr` stand for all: labels are written to a whole tree. */
function isLabelled(root: TreeNode, name: string): boolean {
  return [root, resolve(root, "usr")].some((node) => node?.inode.xattrs?.has(name) === true);
}
