import { PlatterError } from "../../base/error.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { EntryType, Inode, Locator } from "../image-tree.ts";
import type { Xattrs } from "../xattr-set.ts";

const TYPES: readonly EntryType[] = [
  "file",
  "directory",
  "symlink",
  "character-device",
  "block-device",
  "fifo",
];

const START = 1024;

/** The most bytes of all targets of symlinks and extended attributes. Real images have some megabytes. */
const MAX_TEXTS = 256 * 1024 * 1024;

/** The fields of an inode that is added. */
export type NewInode = Pick<Inode, "type" | "mode" | "uid" | "gid" | "mtime" | "size">;

/** Inodes in columns, about 45 bytes each. Indexes begin at 1; 0 means that an inode is missing. */
export class InodeColumns {
  #count = 1;
  #type = new Uint8Array(START);
  #mode = new Uint16Array(START);
  #uid = new Uint32Array(START);
  #gid = new Uint32Array(START);
  #mtime = new Float64Array(START);
  #size = new Float64Array(START);
  #links = new Uint32Array(START);
  /** The locators of contents; -1 without a locator. */
  #locator = new Float64Array(START);
  /** Index into {@link #sets}. */
  #xattrs = new Uint32Array(START);
  readonly #sets: (Xattrs | undefined)[] = [undefined];
  readonly #setIndexes = new Map<Xattrs, number>();
  readonly #targets = new Map<number, string>();
  /** Length in bytes of all targets and sets of attributes. */
  #texts = 0;
  readonly #devices = new Map<number, readonly [number, number]>();

  /** Adds an inode with one name. */
  add(inode: NewInode): number {
    const index = this.#count++;
    this.#makeRoom(index + 1);
    this.#type[index] = TYPES.indexOf(inode.type);
    this.#mode[index] = inode.mode;
    this.#uid[index] = inode.uid;
    this.#gid[index] = inode.gid;
    this.#mtime[index] = inode.mtime;
    this.#size[index] = inode.size;
    this.#links[index] = 1;
    this.#locator[index] = -1;
    return index;
  }

  type(index: number): EntryType {
    return TYPES[this.#type[index] as number] as EntryType;
  }

  isDirectory(index: number): boolean {
    return this.#type[index] === 1;
  }

  mode(index: number): number {
    return this.#mode[index] as number;
  }

  setMode(index: number, mode: number): void {
    this.#mode[index] = mode;
  }

  uid(index: number): number {
    return this.#uid[index] as number;
  }

  gid(index: number): number {
    return this.#gid[index] as number;
  }

  setOwner(index: number, owner: { uid: number; gid: number }): void {
    this.#uid[index] = owner.uid;
    this.#gid[index] = owner.gid;
  }

  mtime(index: number): number {
    return this.#mtime[index] as number;
  }

  setMtime(index: number, mtime: number): void {
    this.#mtime[index] = mtime;
  }

  size(index: number): number {
    return this.#size[index] as number;
  }

  setSize(index: number, size: number): void {
    this.#size[index] = size;
  }

  links(index: number): number {
    return this.#links[index] as number;
  }

  /** Changes the number of names. */
  addLinks(index: number, change: number): void {
    this.#links[index] = (this.#links[index] as number) + change;
  }

  locator(index: number): Locator | undefined {
    const locator = this.#locator[index] as number;
    return locator < 0 ? undefined : (locator as Locator);
  }

  setLocator(index: number, locator: Locator): void {
    this.#locator[index] = locator;
  }

  xattrs(index: number): Xattrs | undefined {
    return this.#sets[this.#xattrs[index] as number];
  }

  setXattrs(index: number, xattrs: Xattrs | undefined): void {
    if (xattrs === undefined) {
      this.#xattrs[index] = 0;
      return;
    }
    const known = this.#setIndexes.get(xattrs);
    if (known === undefined) {
      for (const [name, value] of xattrs) this.#countText(name.length + value.length);
      this.#setIndexes.set(xattrs, this.#sets.length);
      this.#sets.push(xattrs);
    }
    this.#xattrs[index] = known ?? this.#sets.length - 1;
  }

  target(index: number): string | undefined {
    return this.#targets.get(index);
  }

  setTarget(index: number, target: string): void {
    this.#countText(target.length);
    this.#targets.set(index, target);
  }

  device(index: number): readonly [number, number] | undefined {
    return this.#devices.get(index);
  }

  setDevice(index: number, major: number, minor: number): void {
    this.#devices.set(index, [major, minor]);
  }

  /** @throws PlatterError `E_IMAGE_TEXTS` */
  #countText(length: number): void {
    this.#texts += length;
    if (this.#texts <= MAX_TEXTS) return;
    throw new PlatterError({
      code: "E_IMAGE_TEXTS",
      kind: "contract",
      message: `Cannot read the image: its symlinks and extended attributes have more than ${MAX_TEXTS} bytes`,
      hint: "Build the image again without these attributes.",
    });
  }

  #makeRoom(length: number): void {
    if (length <= this.#type.length) return;
    this.#type = withRoom(this.#type, length);
    this.#mode = withRoom(this.#mode, length);
    this.#uid = withRoom(this.#uid, length);
    this.#gid = withRoom(this.#gid, length);
    this.#mtime = withRoom(this.#mtime, length);
    this.#size = withRoom(this.#size, length);
    this.#links = withRoom(this.#links, length);
    this.#locator = withRoom(this.#locator, length);
    this.#xattrs = withRoom(this.#xattrs, length);
  }
}
