import { ociArchitecture, parseArchitecture } from "../base/architecture.ts";
import type { Task } from "../base/progress.ts";
import { type BytePath, displayPath } from "../bytes/byte-path.ts";
import { mayBePiece } from "../contract/plan/capture.ts";
import type { RootPlan } from "../contract/plan/plan.ts";
import type { WalkedEntry } from "../image/entry-walk.ts";
import { compileExcludes } from "../image/excludes.ts";
import { imageTime } from "../image/image-time.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { LayerStore } from "../image/layer-store.ts";
import { openImage } from "../image/open/open-image.ts";
import { withOverlay } from "../image/open/overlay.ts";
import { restoreOstreeXattrs } from "../image/ostree-xattrs.ts";
import { walkOptions } from "../rootfs/rootfs.ts";
import { treeDigest } from "../rootfs/tree-digest.ts";
import type { Session } from "./session.ts";
import { imageChanged } from "./work/image-changed.ts";

/** How an image is opened. */
interface Opening {
  /** The architecture to choose from an image index. Undefined for the host's. */
  architecture: string | undefined;
  /** The time of the ISO, in seconds since 1970. Undefined for the time of the image. */
  epoch: number | undefined;
  /** Shows how much of the image was read. */
  task: Task;
  /** Folders of the host that are put over the image, lowest first. */
  overlays: readonly string[];
  /** What earlier builds left about layers. Undefined if all layers are read. */
  layerStore?: LayerStore | undefined;
}

/** Opens the image that the user named. The session owns it. @throws PlatterError `E_REFERENCE…`, `E_IMAGE_…` */
export function openNamedImage(
  session: Session,
  reference: string,
  options: Pick<Opening, "task" | "layerStore">,
): Promise<ImageTree> {
  const { architecture, plan, overlays } = session.options;
  return open(session, reference, { architecture, epoch: plan.epoch, overlays, ...options });
}

/**
 * Opens the image of an earlier plan again. The session owns it.
 * @throws PlatterError `E_IMAGE_CHANGED` if it changed after the plan was made; `E_REFERENCE…`, `E_IMAGE_…`
 */
export async function openPlannedImage(
  session: Session,
  plan: RootPlan,
  layerStore: LayerStore | undefined,
): Promise<ImageTree> {
  const architecture = session.options.architecture ?? plan.architecture;
  const task = session.context.reporter.task("read image");
  const overlays = (plan.overlays ?? []).map(({ path }) => path);
  const opening = { architecture, epoch: plan.time, overlays, task, layerStore };
  const tree = await open(session, plan.image.reference, opening);
  for (const [index, { path, digest }] of (plan.overlays ?? []).entries())
    if (tree.source.overlays?.[index]?.digest !== digest) throw imageChanged(path);
  const digest = digestOfRootfs(tree, plan.excludes, () => task.tick());
  task.done();
  if (plan.image.treeDigest === digest) return tree;
  throw imageChanged(plan.image.reference);
}

/** Digest of the metadata of all entries that go into the root file system. Each of them is passed to `visit`. */
export function digestOfRootfs(
  tree: ImageTree,
  excludes: readonly string[],
  visit?: (entry: WalkedEntry) => void,
): string {
  return treeDigest(tree, walkOptions(compileExcludes(excludes), 0), visit);
}

/** Opens an image. Its source keeps the files that a plan needs when they are read first. */
async function open(
  session: Session,
  reference: string,
  { architecture, epoch, overlays, task, layerStore }: Opening,
): Promise<ImageTree> {
  const { work, signal, reporter } = session.context;
  const image = session.own(
    await openImage(reference, {
      work: work.path,
      signal,
      runTool: session.runTool,
      pull: session.options.pull,
      reporter,
      onRead: (done, total) => task.progress(done, total),
      capture: mayBePiece,
      layerStore,
      architecture: architecture === undefined ? undefined : ociArchitecture(parseArchitecture(architecture)),
    }),
  );
  if (epoch !== undefined) settleRootTime(image, epoch);
  await restoreOstreeXattrs(image);
  const time = overlays.length === 0 ? 0 : imageTime(image, epoch);
  let tree: ImageTree = image;
  for (const path of overlays) tree = session.own(await withOverlay(tree, path, { time, signal }));
  const { leftOut = [] } = tree.source;
  if (leftOut.length > 0) reporter.warn(leftOutText(leftOut));
  return tree;
}

/** Sets the time of the root directory, which no layer records. In a folder, it may be the time of unpacking. */
function settleRootTime({ source, root }: ImageTree, epoch: number): void {
  const isKnown = source.created === undefined && root.inode.mtime <= epoch;
  if (!isKnown) root.inode.mtime = epoch;
}

/** Folders that a message names. The others are counted, because there may be hundreds of mounts. */
const NAMED = 5;

function leftOutText(folders: readonly BytePath[]): string {
  const named = folders.slice(0, NAMED).map((path) => `\`${displayPath(path)}\``);
  const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more` : "";
  return `Other file systems are mounted on ${named.join(", ")}${more}; their content is left out`;
}
