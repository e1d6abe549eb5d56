import { InodeColumns } from "./inode-columns.ts";
import { StoredInode } from "./stored-inode.ts";

/** The inodes of a tree. */
export class InodeTable extends InodeColumns {
  /** The objects of inodes with several names. */
  readonly #shared = new Map<number, StoredInode>();

  /** The inode as an object. For an inode with several names it is always the same object. */
  get(index: number): StoredInode {
    if (this.links(index) < 2) return new StoredInode(this, index);
    const shared = this.#shared.get(index) ?? new StoredInode(this, index);
    this.#shared.set(index, shared);
    return shared;
  }
}
