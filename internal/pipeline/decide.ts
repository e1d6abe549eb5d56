import { type Architecture, parseArchitecture } from "../base/architecture.ts";
import type { Reporter, Task } from "../base/progress.ts";
import { ForeignOwners } from "../contract/checks/foreign-owners.ts";
import { decide } from "../contract/plan/decide.ts";
import type { Decision } from "../contract/plan/decision.ts";
import { compileExcludes, DEFAULT_EXCLUDES } from "../image/excludes.ts";
import type { ImageTree, TreeNode } from "../image/image-tree.ts";
import type { LayerStore } from "../image/layer-store.ts";
import { requireOverlay } from "../image/open/overlay.ts";
import { readWhole } from "../image/read-whole.ts";
import { findAddedFiles } from "../iso/added-files.ts";
import { textsOf } from "./image-texts.ts";
import { digestOfRootfs, openNamedImage } from "./open-image.ts";
import { describePayloads } from "./payloads.ts";
import type { Session } from "./session.ts";

/** An open image, and the decisions about its ISO. */
export interface DecidedImage {
  tree: ImageTree;
  decision: Decision;
  /** The task of inspecting the image, which ends when the plan is made. */
  task: Task;
}

/**
 * Opens the image that the user named, and makes all decisions that need only file names and small text files.
 * @throws PlatterError `E_EXCLUDE…`, `E_PAYLOAD_…`, `E_IMAGE_…`
 */
export async function decideOnImage(
  session: Session,
  reference: string,
  layerStore?: LayerStore,
): Promise<DecidedImage> {
  const options = session.options.plan;
  const excludes = [...(options.defaultExcludes === "with" ? DEFAULT_EXCLUDES : []), ...options.exclude];
  // Report a pattern that cannot be read, and missing files and payloads, before reading the image.
  compileExcludes(excludes);
  session.options.overlays.forEach(requireOverlay);
  const added = findAddedFiles(session.options.added);
  const payloads = await describePayloads(session);
  const { reporter } = session.context;
  const task = reporter.task("inspect");
  const tree = await openNamedImage(session, reference, { task, layerStore });
  const owners = new ForeignOwners();
  const treeDigest = digestOfRootfs(tree, excludes, (entry) => {
    owners.add(entry);
    task.tick();
  });
  const readBytes = ({ inode }: TreeNode) => readWhole(tree, inode);
  const inputs = { tree, treeDigest, owners, readText: textsOf(tree), readBytes };
  const decision = await decide(inputs, { ...options, excludes, added, payloads });
  if (options.architecture === undefined) noteForeign(decision.root.architecture, reporter);
  return { tree, decision, task };
}

/** Reports an image for another architecture than the host's if the user did not ask for one. */
function noteForeign(architecture: Architecture, reporter: Reporter): void {
  const host = parseArchitecture(process.arch);
  if (architecture === host) return;
  const message = `The image is for ${architecture}, and so is the ISO; this machine is ${host}`;
  reporter.notice({ severity: "note", message });
}
