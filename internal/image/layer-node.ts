import type { EntryType, Inode, TreeNode } from "./image-tree.ts";
import type { Xattrs } from "./xattr-set.ts";

/**
 * The inode of a tree under construction. An image may have a million: what few inodes have is no property of the
 * others, not even an undefined one.
 */
export class ImageInode implements Inode {
  readonly type: EntryType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  links: number;
  locator: unknown;
  declare target?: string;
  declare devMajor?: number;
  declare devMinor?: number;
  declare xattrs?: Xattrs | undefined;

  constructor(type: EntryType, fields: Pick<Inode, "mode" | "uid" | "gid" | "mtime" | "size">) {
    this.type = type;
    this.mode = fields.mode;
    this.uid = fields.uid;
    this.gid = fields.gid;
    this.mtime = fields.mtime;
    this.size = fields.size;
    this.links = 1;
    this.locator = undefined;
  }
}

/** A name in a tree under construction. */
export class ImageNode implements TreeNode {
  readonly name: string;
  parent: ImageNode | undefined;
  inode: ImageInode;
  /** A folder's names, in any order until {@link sortChildren}. */
  children: Map<string, ImageNode> | undefined;

  constructor(name: string, parent: ImageNode | undefined, inode: ImageInode) {
    this.name = name;
    this.parent = parent;
    this.inode = inode;
    this.children = inode.type === "directory" ? new Map() : undefined;
  }
}

/** A folder that no layer describes, as podman makes it, but from 1970: podman's is of when it was unpacked. */
export function impliedDirectory(mode: number): ImageInode {
  return new ImageInode("directory", { mode, uid: 0, gid: 0, mtime: 0, size: 0 });
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
