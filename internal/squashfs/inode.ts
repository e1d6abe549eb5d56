/** Inodes in the format of the inode table (Linux, Documentation/filesystems/squashfs.rst, "Inodes"). */
import type { EntryType } from "../image/image-tree.ts";
import { NO_INDEX } from "./blocks/format.ts";

/** The type of an entry in a directory, and of its inode in the short form. */
export const TYPES: Readonly<Record<EntryType, number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  "block-device": 4,
  "character-device": 5,
  fifo: 6,
};

/** The difference between the types of the long and the short form. */
const LONG = 7;

export interface InodeHead {
  type: EntryType;
  mode: number;
  /** Indexes in the id table. */
  owner: number;
  group: number;
  /** Seconds since 1970. */
  mtime: number;
  /** Inode number, counted from 1. */
  number: number;
  /** Index in the table of extended attributes; `NO_INDEX` without attributes. */
  xattrs: number;
}

/** Writes numbers one after the other. */
class Fields {
  #bytes = Buffer.alloc(256);
  #used = 0;

  u16(value: number): this {
    this.#used = this.#room(2).writeUInt16LE(value, this.#used);
    return this;
  }

  u32(value: number): this {
    this.#used = this.#room(4).writeUInt32LE(value, this.#used);
    return this;
  }

  u64(value: number): this {
    this.#used = this.#room(8).writeBigUInt64LE(BigInt(value), this.#used);
    return this;
  }

  text(value: string): this {
    this.#used += this.#room(value.length).write(value, this.#used, "latin1");
    return this;
  }

  /** Valid until the next inode begins. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  begin(head: InodeHead, form: "short" | "long"): this {
    this.#used = 0;
    this.u16(TYPES[head.type] + (form === "long" ? LONG : 0));
    this.u16(head.mode).u16(head.owner).u16(head.group).u32(head.mtime).u32(head.number);
    return this;
  }

  #room(length: number): Buffer {
    if (this.#used + length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used + length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

const fields = new Fields();

export interface FileContent {
  size: number;
  /** Offset of the first data block in the file system. */
  start: number;
  fragment: number;
  offset: number;
  /** The number of zero bytes that are not in a block. */
  holes: number;
  /** The lengths of the data blocks in the form of the format. */
  blocks: Iterable<number>;
}

/** Each result is valid until the next call. */
export function fileInode(head: InodeHead, links: number, content: FileContent): Uint8Array {
  const { size, start, fragment, offset, holes, blocks } = content;
  const isShort = links === 1 && head.xattrs === NO_INDEX && holes === 0 && start < 2 ** 32 && size < 2 ** 32;
  if (isShort) fields.begin(head, "short").u32(start).u32(fragment).u32(offset).u32(size);
  else {
    fields.begin(head, "long").u64(start).u64(size).u64(holes).u32(links);
    fields.u32(fragment).u32(offset).u32(head.xattrs);
  }
  for (const block of blocks) fields.u32(block);
  return fields.bytes;
}

export function symlinkInode(head: InodeHead, links: number, target: string): Uint8Array {
  const form = head.xattrs === NO_INDEX ? "short" : "long";
  fields.begin(head, form).u32(links).u32(target.length).text(target);
  return (form === "short" ? fields : fields.u32(head.xattrs)).bytes;
}

/** A device, or a FIFO without device numbers. */
export function specialInode(
  head: InodeHead,
  links: number,
  device: { major: number; minor: number } | undefined,
): Uint8Array {
  const form = head.xattrs === NO_INDEX ? "short" : "long";
  fields.begin(head, form).u32(links);
  if (device !== undefined) fields.u32(deviceNumber(device));
  return (form === "short" ? fields : fields.u32(head.xattrs)).bytes;
}

/** A device number in the form of Linux: `new_encode_dev` in include/linux/kdev_t.h. */
function deviceNumber({ major, minor }: { major: number; minor: number }): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

export interface DirectoryContent {
  /** The number of links: its name, `.`, and one for each of its folders. */
  links: number;
  /** Length in bytes of its list. */
  length: number;
  /** Position of the list in the directory table. */
  block: number;
  at: number;
  /** The inode of its parent folder. */
  parent: number;
  index: readonly IndexEntry[];
}

/** A position in a long list at which a reader may begin. */
export interface IndexEntry {
  /** Offset in the list of the header that the entry leads to. */
  offset: number;
  /** Offset of that header's metadata block in the directory table. */
  block: number;
  /** The first name after that header. */
  name: string;
}

/** The recorded length of a list includes this much for `.` and `..`, which are not in it. */
const DOTS = 3;

export function directoryInode(head: InodeHead, content: DirectoryContent): Uint8Array {
  const { links, block, at, parent, index } = content;
  const length = content.length + DOTS;
  if (head.xattrs === NO_INDEX && index.length === 0 && length <= 0xffff) {
    return fields.begin(head, "short").u32(block).u32(links).u16(length).u16(at).u32(parent).bytes;
  }
  fields.begin(head, "long").u32(links).u32(length).u32(block).u32(parent);
  fields.u16(index.length).u16(at).u32(head.xattrs);
  for (const entry of index) {
    fields.u32(entry.offset).u32(entry.block);
    fields.u32(entry.name.length - 1).text(entry.name);
  }
  return fields.bytes;
}
