import { ociArchitecture, parseArchitecture } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import { displayPath } from "../bytes/byte-path.ts";
import { ForeignOwners } from "../contract/checks/foreign-owners.ts";
import type { Part } from "../contract/findings/plan-parts.ts";
import { mayBePiece } from "../contract/plan/capture.ts";
import { type Decision, decide } from "../contract/plan/decision.ts";
import { makePlan } from "../contract/plan/make-plan.ts";
import { isWhole, type RootPlan } from "../contract/plan/plan.ts";
import type { PlanOptions } from "../contract/plan/plan-options";
import type { WalkedEntry } from "../image/entry-walk.ts";
import { compileExcludes } from "../image/excludes.ts";
import type { FoundFile } from "../image/find-file.ts";
import { type ImageTree, pathOf, type TreeNode } from "../image/image-tree.ts";
import { restoreOstreeXattrs } from "../image/ostree-xattrs.ts";
import { readWhole } from "../image/read-whole.ts";
import { openImage } from "../image/source/open-image.ts";
import { summarizeInitramfs } from "../initramfs/summary.ts";
import type { RunTool } from "../process/run.ts";
import { walkOptions } from "../rootfs/rootfs.ts";
import { treeDigest } from "../rootfs/tree-digest.ts";
import { imageChanged } from "./work/image-changed.ts";
import { savePiece } from "./work/save-piece";
import type { WorkDir } from "./work/work-dir.ts";

/** Most bytes of an iso.yaml or os-release. */
const MAX_TEXT = 1024 * 1024;

/**
 * Opens an image so that what a plan needs is kept from the first reading on. `epoch` is the time of the ISO where one
 * was chosen, in seconds since 1970.
 */
export async function openPlannedImage(
  reference: string,
  about: {
    work: WorkDir;
    signal: AbortSignal;
    runTool: RunTool;
    architecture: string | undefined;
    epoch: number | undefined;
  },
): Promise<ImageTree> {
  const { architecture } = about;
  const tree = await openImage(reference, {
    work: about.work.path,
    signal: about.signal,
    runTool: about.runTool,
    capture: mayBePiece,
    architecture: architecture === undefined ? undefined : ociArchitecture(parseArchitecture(architecture)),
  });
  if (about.epoch !== undefined) settleRootTime(tree, about.epoch);
  try {
    await restoreOstreeXattrs(tree);
  } catch (error) {
    await tree[Symbol.asyncDispose]();
    throw error;
  }
  return tree;
}

/** No layer says when the root directory was made, and a folder's time may be that of its unpacking. */
function settleRootTime({ source, root }: ImageTree, epoch: number): void {
  const isKnown = source.created === undefined && root.inode.mtime <= epoch;
  if (!isKnown) root.inode.mtime = epoch;
}

/** Decides all about the ISO that needs no more of the image than its names and texts. */
export function decideAbout(tree: ImageTree, choices: PlanOptions): Promise<Decision> {
  const owners = new ForeignOwners();
  const treeDigest = digestOf(tree, choices, (entry) => owners.add(entry));
  const readBytes = (node: TreeNode) => readWhole(tree, node.inode);
  const inputs = { tree, treeDigest, owners, readText: textsOf(tree), readBytes };
  return decide(inputs, choices);
}

/**
 * Makes the plan of an image; the pieces of the image that the ISO needs are copied into the work directory, and the
 * plan is written there if it is whole.
 */
export async function inspectImage(
  tree: ImageTree,
  about: {
    decision: Decision;
    parts: readonly Part[];
    work: WorkDir;
    signal: AbortSignal;
  },
): ReturnType<typeof makePlan> {
  const { work, decision } = about;
  await work.removePlan();
  const inputs = {
    tree,
    save: (found: FoundFile, file: string) => savePiece(tree, found, { work, file }),
    readText: textsOf(tree),
    readInitramfs: (node: FoundFile["node"]) =>
      summarizeInitramfs(tree.read(node.inode), { signal: about.signal }),
    readBytes: (node: FoundFile["node"]) => readWhole(tree, node.inode),
  };
  const result = await makePlan(decision, inputs, about.parts);
  if (result.plan !== undefined && isWhole(result.plan)) await work.writePlan(result.plan);
  return result;
}

function textsOf(tree: ImageTree): (node: TreeNode) => Promise<string> {
  return async (node) => {
    if (node.inode.size > MAX_TEXT) throw tooLarge(displayPath(pathOf(node)), node.inode.size);
    return Buffer.from(await readWhole(tree, node.inode)).toString("utf8");
  };
}

/** Digest of the metadata of all that goes into the squashfs. */
function digestOf(
  tree: ImageTree,
  { excludes }: Pick<PlanOptions, "excludes">,
  visit?: (entry: WalkedEntry) => void,
): string {
  return treeDigest(tree, walkOptions(compileExcludes(excludes), 0), visit);
}

/** @throws PlatterError `E_IMAGE_CHANGED` */
export function requireSameTree(plan: Pick<RootPlan, "image" | "excludes">, tree: ImageTree): void {
  if (plan.image.treeDigest === digestOf(tree, plan)) return;
  throw imageChanged(plan.image.reference);
}

function tooLarge(path: string, size: number): PlatterError {
  return new PlatterError({
    code: "E_TEXT_TOO_LARGE",
    kind: "contract",
    message: `Cannot read \`${path}\` in the image: it has ${size} bytes, and at most ${MAX_TEXT} are allowed`,
    hint: "Check the content of the file: platter expects a few lines of text.",
  });
}
