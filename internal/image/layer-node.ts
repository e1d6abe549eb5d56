import type { EntryType, Inode, TreeNode } from "./image-tree.ts";
import type { Xattrs } from "./xattr-set.ts";

/** The inode of a tree under construction: one compact object, since an image may have a million. */
export class ImageInode implements Inode {
  links = 1;
  target: string | undefined = undefined;
  devMajor: number | undefined = undefined;
  devMinor: number | undefined = undefined;
  xattrs: Xattrs | undefined = undefined;
  locator: unknown = undefined;

  constructor(
    readonly type: EntryType,
    public mode: number,
    public uid: number,
    public gid: number,
    public mtime: number,
    public size: number,
  ) {}
}

/** What a layer says about a name beyond what stands there. */
export const Mark = {
  none: 0,
  /** Made only because something lies below it: metadata of an older folder stays. */
  implicit: 1,
  /** Hides what older layers have below it. */
  opaque: 2,
  /** The layer removes what older layers have under this name, whatever it puts there itself. */
  replaced: 4,
  /** The layer removes the name and puts nothing there. */
  whiteout: 8,
} as const;

/** A name in a tree under construction. */
export class ImageNode implements TreeNode {
  children: Map<string, ImageNode> | undefined;
  marks: number = Mark.none;

  constructor(
    readonly name: string,
    public parent: ImageNode | undefined,
    public inode: ImageInode,
  ) {
    this.children = inode.type === "directory" ? new Map() : undefined;
  }
}

/** A folder that no layer describes, as podman makes it, but from 1970: podman's is of when it was unpacked. */
export function impliedDirectory(mode: number): ImageInode {
  return new ImageInode("directory", mode, 0, 0, 0, 0);
}

/** Takes the names of a subtree off their inodes. */
export function unlinkAll(node: ImageNode): void {
  node.inode.links--;
  if (node.children !== undefined) for (const child of node.children.values()) unlinkAll(child);
}

/** Puts the children of every folder in byte order. */
export function sortChildren(node: ImageNode): void {
  if (node.children === undefined) return;
  let last = "";
  let sorted = true;
  for (const name of node.children.keys()) {
    if (name < last) {
      sorted = false;
      break;
    }
    last = name;
  }
  if (!sorted) {
    node.children = new Map([...node.children].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  for (const child of node.children.values()) sortChildren(child);
}
