import { LATEST_TIME } from "./entry-walk.ts";
import type { ImageTree, TreeNode } from "./image-tree.ts";

/** The time of an ISO of this image, in seconds since 1970: `epoch` if the user gave it, or the image's own time. */
export function imageTime(
  { source, root }: Pick<ImageTree, "source" | "root">,
  epoch: number | undefined,
): number {
  return Math.min(epoch ?? source.created ?? newestTime(root), LATEST_TIME);
}

/** The newest time in the tree: a substitute for the creation time, if the image does not have one. */
function newestTime(root: TreeNode): number {
  let newest = 0;
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.inode.mtime > newest) newest = node.inode.mtime;
    for (const child of node.children?.values() ?? []) pending.push(child);
  }
  return newest;
}
