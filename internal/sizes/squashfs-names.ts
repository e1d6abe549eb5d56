/** The names of a squashfs (squashfs.rst, "Directories"). */
import type { Metadata } from "../reuse/metadata.ts";
import { type DirectoryInode, inodeAt, type StoredInode } from "../reuse/stored-inode.ts";
import { namesIn } from "../reuse/stored-names.ts";
import type { Reference } from "../squashfs/blocks/format.ts";

/** One name in a squashfs. Hard links are several nodes with the same inode. */
export interface StoredNode {
  /** With one character for each byte; "" for the root. */
  readonly name: string;
  readonly parent: StoredNode | undefined;
  readonly inode: StoredInode;
  /** Only for directories: by their names, in the order of the squashfs, which is that of the names' bytes. */
  children?: ReadonlyMap<string, StoredNode>;
}

/** Most names. A desktop image has a tenth of this number. */
const MOST_NAMES = 4_000_000;
const MOST_DEPTH = 1024;

/** Reads all names. @throws RangeError if the tables are damaged */
export function readNames(options: {
  inodes: Metadata;
  directories: Metadata;
  blockSize: number;
  root: Reference;
}): StoredNode {
  return new NameReader(options).read(options.root);
}

class NameReader {
  readonly #inodes: Metadata;
  readonly #directories: Metadata;
  readonly #blockSize: number;
  /** Inodes by their byte offset in the table. */
  readonly #known = new Map<number, StoredInode>();
  #names = 0;

  constructor(options: { inodes: Metadata; directories: Metadata; blockSize: number }) {
    this.#inodes = options.inodes;
    this.#directories = options.directories;
    this.#blockSize = options.blockSize;
  }

  read(reference: Reference): StoredNode {
    const root: StoredNode = { name: "", parent: undefined, inode: this.#inode(reference) };
    const seen = new Set<StoredInode>();
    const queue = [{ node: root, depth: 0 }];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { node, depth } = next;
      const { inode } = node;
      if (inode.type !== "directory") continue;
      if (seen.has(inode) || depth > MOST_DEPTH) throw new RangeError("directories contain each other");
      seen.add(inode);
      node.children = this.#children(node, inode);
      for (const child of node.children.values()) queue.push({ node: child, depth: depth + 1 });
    }
    return root;
  }

  #children(parent: StoredNode, directory: DirectoryInode): Map<string, StoredNode> {
    const children = new Map<string, StoredNode>();
    for (const { name, inode } of namesIn(this.#directories, directory)) {
      if (++this.#names > MOST_NAMES) throw new RangeError("there are too many names");
      children.set(name, { name, parent, inode: this.#inode(inode) });
    }
    return children;
  }

  #inode(reference: Reference): StoredInode {
    const at = this.#inodes.offsetOf(reference);
    const known = this.#known.get(at);
    if (known !== undefined) return known;
    const inode = inodeAt(this.#inodes.content, at, this.#blockSize);
    this.#known.set(at, inode);
    return inode;
  }
}
