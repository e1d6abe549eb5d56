import { displayPath } from "../bytes/byte-path.ts";
import type { TreeNode } from "./image-tree.ts";
import { resolve } from "./resolve.ts";

/** A file of the image for the ISO. */
export interface FoundFile {
  /** Absolute path in the image, for messages. */
  path: string;
  node: TreeNode;
}

/** The regular file at a path of the image, symlinks resolved inside it. */
export function findFile(root: TreeNode, path: string): FoundFile | undefined {
  const node = resolve(root, path);
  return node?.inode.type === "file" ? { path: displayPath(path), node } : undefined;
}

/** The names in a directory of the image, in byte order; empty if the directory does not exist. */
export function namesIn(root: TreeNode, path: string): string[] {
  return [...(resolve(root, path)?.children?.keys() ?? [])];
}
