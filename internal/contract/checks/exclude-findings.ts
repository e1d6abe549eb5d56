import type { BytePath } from "../../bytes/byte-path.ts";
import { DEFAULT_EXCLUDES, unmatchedPatterns } from "../../image/excludes.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** A finding for each of the user's patterns without a match in the image. */
export function findingsAboutExcludes(root: TreeNode, excludes: readonly string[]): Finding[] {
  const own = excludes.filter((pattern) => !DEFAULT_EXCLUDES.includes(pattern));
  return unmatchedPatterns(own, pathsBelow(root)).map((pattern) =>
    finding("F_EXCLUDE_UNMATCHED", `The pattern \`${pattern}\` matches no path in the image.`),
  );
}

function* pathsBelow(root: TreeNode): Generator<BytePath> {
  const pending: [string, TreeNode][] = [["", root]];
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const [folder, node] = step;
    for (const [name, child] of node.children ?? []) {
      const path = `${folder}${name}`;
      yield path as BytePath;
      if (child.children !== undefined) pending.push([`${path}/`, child]);
    }
  }
}
