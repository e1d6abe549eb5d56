import { displayPath } from "../../bytes/byte-path.ts";
import { type Inode, pathOf, type TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { counted } from "../../text/counted.ts";
import { type Finding, finding } from "../findings/finding.ts";

const OBJECTS = "sysroot/ostree/repo/objects";
const CAPABILITY = "security.capability";
/** Suffixes of ostree's objects in a repository of the kind `bare-split-xattrs`. */
const [FILE, LINK, ATTRIBUTES] = [".file", ".file-xattrs-link", ".file-xattrs"];
/** Limits: sets of attributes that are read, and bytes of one set. */
const MAX_SETS = 2000;
const MAX_BYTES = 65536;
const EXAMPLES = 3;

/**
 * Files whose capabilities exist only in the ostree repository. An object `X.file-xattrs` there has a set of
 * attributes. A hard link `Y.file-xattrs-link` to it means that these belong to the file `Y.file`.
 */
export async function checkCapabilities({
  root,
  readText,
}: {
  root: TreeNode;
  readText: (node: TreeNode) => Promise<string>;
}): Promise<Finding[]> {
  const folders = [...(resolve(root, OBJECTS)?.children?.values() ?? [])];
  const sets = folders
    .flatMap((folder) =>
      [...(folder.children?.values() ?? [])].filter(({ name }) => name.endsWith(ATTRIBUTES)),
    )
    .filter(({ inode }) => inode.type === "file" && inode.size <= MAX_BYTES)
    .slice(0, MAX_SETS);
  const withCapability = new Set<Inode>();
  for (const set of sets) if ((await readText(set)).includes(CAPABILITY)) withCapability.add(set.inode);
  if (withCapability.size === 0) return [];
  const lost = new Set<Inode>();
  for (const { children } of folders) {
    for (const [name, node] of children ?? []) {
      if (!name.endsWith(LINK) || !withCapability.has(node.inode)) continue;
      const file = children?.get(name.slice(0, -LINK.length) + FILE);
      if (file !== undefined && file.inode.xattrs?.has(CAPABILITY) !== true) lost.add(file.inode);
    }
  }
  if (lost.size === 0) return [];
  const examples = namesOf(resolve(root, "usr"), lost).map((path) => `\`${displayPath(path)}\``);
  const such = examples.length === 0 ? "" : `, such as ${examples.join(", ")}`;
  const count = counted(lost.size, "file has", "files have");
  const seen = `${count} capabilities in \`/${OBJECTS}\` that the file itself does not have${such}.`;
  return [finding("F_LIVE_CAPABILITIES", seen)];
}

/** The first paths below a directory that lead to the inodes. */
function namesOf(folder: TreeNode | undefined, inodes: ReadonlySet<Inode>): string[] {
  const found: string[] = [];
  const pending = folder === undefined ? [] : [folder];
  for (let node = pending.pop(); node !== undefined && found.length < EXAMPLES; node = pending.pop()) {
    if (inodes.has(node.inode)) found.push(pathOf(node));
    pending.push(...[...(node.children?.values() ?? [])].reverse());
  }
  return found;
}
