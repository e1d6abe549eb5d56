import { collectGarbage } from "../base/collect-garbage.ts";
import type { BytePath } from "../bytes/byte-path.ts";
import type { EntryType, ImageTree, Inode, TreeNode } from "./image-tree.ts";
import type { Xattrs } from "./xattr-set.ts";

/** Seconds since 1970: the latest time that a squashfs and a FAT can both hold. */
export const LATEST_TIME = 0xffffffff;

/** Entries after which new objects are collected. */
const COLLECT_AFTER = 20_000;

export interface WalkOptions {
  /** Returns false to omit a name, for a folder with its whole content. It is not called for the root. */
  include: (node: TreeNode, path: BytePath) => boolean;
  /** Folders, with their parents, that are added if the image lacks them. Their content still depends on `include`. */
  ensureDirectories?: readonly BytePath[] | undefined;
  /** Time of folders that are added, in seconds since 1970. The default is 0. */
  ensuredMtime?: number | undefined;
  /** The attributes that an entry gets, by those of the image. Default: {@link storedXattrs}. */
  attributes?: AttributesOf | undefined;
}

/** Attributes of an entry with a path and a type. A hard link is asked about by the path of the file. */
export type AttributesOf = (
  entry: { path: BytePath; type: EntryType },
  xattrs: Inode["xattrs"],
) => Inode["xattrs"];

/** An entry of a file system; paths and names have one character for each byte. */
export interface Entry {
  readonly path: BytePath;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, negative too. */
  readonly mtime: number;
  /** Length in bytes of the content after the header. */
  readonly size: number;
  /** A symlink's target. */
  readonly target?: string | undefined;
  readonly devMajor?: number | undefined;
  readonly devMinor?: number | undefined;
  readonly xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
  /** The earlier entry that this entry is a hard link to; a hard link does not have content. */
  readonly linkTo?: BytePath | undefined;
}

/** A name in the file system image. */
export interface WalkedEntry extends Entry {
  /** Undefined for a folder that the image does not have. */
  readonly inode: Inode | undefined;
}

/** Folders to be added, as a tree of names. */
type Ensured = Map<string, Ensured>;

/**
 * Every name for the file system image, in canonical order, the root first: pre-order, siblings in byte order. The
 * first name of an inode is the file, and its other names are links to it.
 */
export function* walkEntries(tree: Pick<ImageTree, "root">, options: WalkOptions): Generator<WalkedEntry> {
  const ensured: Ensured = new Map();
  for (const path of options.ensureDirectories ?? []) {
    let at = ensured;
    for (const name of path.split("/")) {
      const next: Ensured = at.get(name) ?? new Map();
      at.set(name, next);
      at = next;
    }
  }
  const firstNames = new Map<Inode, BytePath>();
  const { attributes = withoutChange } = options;
  const stack: Step[] = [{ path: "" as BytePath, node: tree.root, ensured }];
  let walked = 0;
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    const { path, node } = step;
    if (++walked % COLLECT_AFTER === 0) collectGarbage("new");
    if (node === undefined) yield addedDirectory(path, options);
    else yield entryOf(path, node.inode, { firstNames, attributes });
    const first = stack.length;
    pushBelow(step, { stack, options });
    reverseFrom(stack, first);
  }
}

interface Step {
  path: BytePath;
  node: TreeNode | undefined;
  ensured: Ensured | undefined;
}

/** Pushes the included entries of a folder on the stack. */
function pushBelow(
  { path, node, ensured }: Step,
  { stack, options }: { stack: Step[]; options: WalkOptions },
): void {
  const start = path === "" ? "" : `${path}/`;
  if (ensured === undefined || ensured.size === 0) {
    for (const child of node?.children?.values() ?? []) {
      const below = `${start}${child.name}` as BytePath;
      if (options.include(child, below)) stack.push({ path: below, node: child, ensured: undefined });
    }
    return;
  }
  // A required folder cannot be below an entry that is not a folder.
  if (node !== undefined && node.children === undefined) return;
  const names = new Set([...(node?.children?.keys() ?? []), ...ensured.keys()]);
  for (const name of [...names].sort()) {
    const child = node?.children?.get(name);
    const below = `${start}${name}` as BytePath;
    const isEnsured = ensured.has(name) && (child === undefined || child.children !== undefined);
    if (isEnsured || child === undefined || options.include(child, below)) {
      stack.push({ path: below, node: child, ensured: ensured.get(name) });
    }
  }
}

function reverseFrom(stack: Step[], first: number): void {
  for (let low = first, high = stack.length - 1; low < high; low++, high--) {
    const step = stack[low] as Step;
    stack[low] = stack[high] as Step;
    stack[high] = step;
  }
}

const withoutChange: AttributesOf = (_entry, xattrs) => storedXattrs(xattrs);

function entryOf(
  path: BytePath,
  inode: Inode,
  { firstNames, attributes }: { firstNames: Map<Inode, BytePath>; attributes: AttributesOf },
): WalkedEntry {
  let linkTo: BytePath | undefined;
  if (inode.links > 1 && inode.type !== "directory") {
    linkTo = firstNames.get(inode);
    if (linkTo === undefined) firstNames.set(inode, path);
  }
  return {
    path,
    type: inode.type,
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    mtime: storedTime(inode.mtime),
    size: linkTo === undefined ? inode.size : 0,
    target: inode.target,
    devMajor: inode.devMajor,
    devMinor: inode.devMinor,
    xattrs: attributes({ path: linkTo ?? path, type: inode.type }, inode.xattrs),
    linkTo,
    inode,
  };
}

function addedDirectory(path: BytePath, { ensuredMtime, attributes }: WalkOptions): WalkedEntry {
  const mode = path === "tmp" ? 0o1777 : 0o755;
  const xattrs = attributes?.({ path, type: "directory" }, undefined);
  const mtime = ensuredMtime ?? 0;
  return { path, type: "directory", mode, uid: 0, gid: 0, mtime, size: 0, xattrs, inode: undefined };
}

/** squashfs counts seconds from 1970 in 32 bits: other times would wrap round. */
export function storedTime(mtime: number): number {
  return Math.min(Math.max(mtime, 0), LATEST_TIME);
}

const STORED = ["user.", "trusted.", "security."];

/** Results for sets from which attributes are left out. A labelled image has few sets and very many inodes. */
const STORED_SETS = new WeakMap<Xattrs, Xattrs>();

/**
 * The attributes that squashfs can hold, without ACLs, attributes that a file system generates (`system.`, `btrfs.`) and
 * labels of layers. The same set gives the same result.
 */
export function storedXattrs(xattrs: Inode["xattrs"]): Inode["xattrs"] {
  if (xattrs === undefined) return undefined;
  const isStored = (name: string) => STORED.some((prefix) => name.startsWith(prefix));
  let all = true;
  for (const name of xattrs.keys()) all &&= isStored(name);
  if (all) return xattrs;
  let kept = STORED_SETS.get(xattrs);
  if (kept === undefined) {
    kept = new Map([...xattrs].filter(([name]) => isStored(name)));
    STORED_SETS.set(xattrs, kept);
  }
  return kept.size === 0 ? undefined : kept;
}
