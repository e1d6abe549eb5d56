import type { EntryType, Inode, Locator } from "../image-tree.ts";
import type { Xattrs } from "../xattr-set.ts";
import type { InodeColumns } from "./inode-columns.ts";

/** One row of a table as an {@link Inode}; writing to it writes to the table. */
export class StoredInode implements Inode {
  readonly #table: InodeColumns;
  readonly index: number;

  constructor(table: InodeColumns, index: number) {
    this.#table = table;
    this.index = index;
  }

  /** Whether it is a row of that table. */
  isIn(table: InodeColumns): boolean {
    return this.#table === table;
  }

  get type(): EntryType {
    return this.#table.type(this.index);
  }

  get mode(): number {
    return this.#table.mode(this.index);
  }

  set mode(mode: number) {
    this.#table.setMode(this.index, mode);
  }

  get uid(): number {
    return this.#table.uid(this.index);
  }

  set uid(uid: number) {
    this.#table.setOwner(this.index, { uid, gid: this.gid });
  }

  get gid(): number {
    return this.#table.gid(this.index);
  }

  set gid(gid: number) {
    this.#table.setOwner(this.index, { uid: this.uid, gid });
  }

  get mtime(): number {
    return this.#table.mtime(this.index);
  }

  set mtime(mtime: number) {
    this.#table.setMtime(this.index, mtime);
  }

  get size(): number {
    return this.#table.size(this.index);
  }

  set size(size: number) {
    this.#table.setSize(this.index, size);
  }

  get links(): number {
    return this.#table.links(this.index);
  }

  set links(links: number) {
    this.#table.addLinks(this.index, links - this.links);
  }

  get target(): string | undefined {
    return this.#table.target(this.index);
  }

  get devMajor(): number | undefined {
    return this.#table.device(this.index)?.[0];
  }

  get devMinor(): number | undefined {
    return this.#table.device(this.index)?.[1];
  }

  get xattrs(): Xattrs | undefined {
    return this.#table.xattrs(this.index);
  }

  set xattrs(xattrs: Xattrs | undefined) {
    this.#table.setXattrs(this.index, xattrs);
  }

  get locator(): Locator | undefined {
    return this.#table.locator(this.index);
  }
}
