/** The list of names of a folder (Linux, Documentation/filesystems/squashfs.rst, "Directories"). */
import type { EntryType } from "../image/image-tree.ts";
import type { Reference } from "./blocks/format.ts";
import { type IndexEntry, TYPES } from "./inode.ts";
import type { MetadataTable } from "./metadata.ts";

/** The most names after one header. */
const MAX_RUN = 256;
const HEADER = 12;
/** The most index entries that an inode can have. */
const MAX_INDEX = 0xffff;

export interface Child {
  name: string;
  type: EntryType;
  /** Its inode, which is already in the table. */
  number: number;
  inode: Reference;
}

export interface WrittenList {
  start: Reference;
  /** Length of the list in bytes. */
  length: number;
  index: IndexEntry[];
}

/**
 * Adds a list to the directory table. The names after one header have inodes in one metadata block, with similar
 * numbers.
 */
export function writeList(children: readonly Child[], table: MetadataTable): WrittenList {
  const start = table.end;
  const index: IndexEntry[] = [];
  let length = 0;
  let indexed = start.block;
  for (let first = 0; first < children.length; ) {
    const end = endOfRun(children, first);
    const { block } = table.end;
    if (block !== indexed && index.length < MAX_INDEX) {
      index.push({ offset: length, block, name: (children[first] as Child).name });
      indexed = block;
    }
    const run = encodeRun(children, first, end);
    table.add(run);
    length += run.length;
    first = end;
  }
  return { start, length, index };
}

function endOfRun(children: readonly Child[], first: number): number {
  const { number, inode } = children[first] as Child;
  let end = first + 1;
  for (; end < children.length && end - first < MAX_RUN; end++) {
    const child = children[end] as Child;
    const distance = child.number - number;
    if (child.inode.block !== inode.block || distance < -0x8000 || distance > 0x7fff) break;
  }
  return end;
}

function encodeRun(children: readonly Child[], first: number, end: number): Buffer {
  let length = HEADER;
  for (let i = first; i < end; i++) length += 8 + (children[i] as Child).name.length;
  const bytes = Buffer.alloc(length);
  const { number, inode } = children[first] as Child;
  bytes.writeUInt32LE(end - first - 1, 0);
  bytes.writeUInt32LE(inode.block, 4);
  bytes.writeUInt32LE(number, 8);
  let at = HEADER;
  for (let i = first; i < end; i++) {
    const child = children[i] as Child;
    bytes.writeUInt16LE(child.inode.at, at);
    bytes.writeInt16LE(child.number - number, at + 2);
    bytes.writeUInt16LE(TYPES[child.type], at + 4);
    bytes.writeUInt16LE(child.name.length - 1, at + 6);
    at += 8 + bytes.write(child.name, at + 8, "latin1");
  }
  return bytes;
}
