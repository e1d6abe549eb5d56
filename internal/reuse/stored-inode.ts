/** Single inodes in the inode table of a squashfs (squashfs.rst, "Inodes"). */
import { NO_INDEX, type Reference } from "../squashfs/blocks/format.ts";

interface InodeBase {
  /** Inode number, counted from 1. */
  number: number;
  /** Byte offset in the table of the next inode. */
  end: number;
}

export interface FileInode extends InodeBase {
  type: "file";
  size: number;
  /** Byte offset of the first data block in the squashfs. */
  start: number;
  /** Number of the fragment that holds the last bytes. Undefined if no fragment does. */
  fragment: number | undefined;
  /** Byte offset in the fragment's content. */
  offset: number;
  /** Number of bytes in the fragment. */
  tail: number;
  /** Byte offset in the table of the lengths of the data blocks. */
  list: number;
  /** Number of data blocks. */
  blocks: number;
}

export interface DirectoryInode extends InodeBase {
  type: "directory";
  /** Position of the list of names in the directory table. */
  names: Reference;
  /** Bytes of the list of names. */
  length: number;
}

export interface SymlinkInode extends InodeBase {
  type: "symlink";
  /** With one character for each byte. */
  target: string;
}

/** A device, a FIFO or a socket. */
export interface SpecialInode extends InodeBase {
  type: "special";
}

export type StoredInode = FileInode | DirectoryInode | SymlinkInode | SpecialInode;

const HEAD = 16;
/** Most bytes of a file. A larger number in an inode is damage. */
const MOST_BYTES = 2 ** 50;
/** The recorded length of a list of names includes this much for `.` and `..`, which are not in it. */
const DOTS = 3;

/** Reads the inode at a byte offset of the table's content. @throws RangeError if it is damaged */
export function inodeAt(table: Buffer, at: number, blockSize: number): StoredInode {
  const type = table.readUInt16LE(at);
  const number = table.readUInt32LE(at + 12);
  const body = at + HEAD;
  const u32 = (offset: number) => table.readUInt32LE(body + offset);
  const file = (fields: FileFields) => fileInode(table, { ...fields, number, blockSize });
  const special = (length: number): SpecialInode => ({ type: "special", number, end: body + length });
  switch (type) {
    case 1: {
      const names = { block: u32(0), at: table.readUInt16LE(body + 10) };
      return directory({ number, names, length: table.readUInt16LE(body + 8), end: body + 16 });
    }
    case 2:
      return file({ start: u32(0), fragment: u32(4), offset: u32(8), size: u32(12), list: body + 16 });
    case 3:
      return symlink(table, { number, at: body, after: 0 });
    case 4:
    case 5:
      return special(8);
    case 6:
    case 7:
      return special(4);
    case 8: {
      const names = { block: u32(8), at: table.readUInt16LE(body + 18) };
      const end = afterIndex(table, body + 24, table.readUInt16LE(body + 16));
      return directory({ number, names, length: u32(4), end });
    }
    case 9: {
      const [start, size] = [readNumber(table, body), readNumber(table, body + 8)];
      return file({ start, size, fragment: u32(28), offset: u32(32), list: body + 40 });
    }
    case 10:
      return symlink(table, { number, at: body, after: 4 });
    case 11:
    case 12:
      return special(12);
    case 13:
    case 14:
      return special(8);
    default:
      throw new RangeError(`an inode has type ${type}`);
  }
}

interface FileFields {
  start: number;
  size: number;
  fragment: number;
  offset: number;
  list: number;
}

function fileInode(
  table: Buffer,
  { fragment, blockSize, ...fields }: FileFields & { number: number; blockSize: number },
): FileInode {
  const { size, list } = fields;
  const tail = fragment === NO_INDEX ? 0 : size % blockSize;
  const blocks = Math.ceil((size - tail) / blockSize);
  const end = list + 4 * blocks;
  if (end > table.length) throw new RangeError("an inode is cut off");
  return { type: "file", ...fields, fragment: tail === 0 ? undefined : fragment, tail, blocks, end };
}

function directory({ length, ...fields }: Omit<DirectoryInode, "type">): DirectoryInode {
  return { type: "directory", ...fields, length: Math.max(0, length - DOTS) };
}

function symlink(
  table: Buffer,
  { number, at, after }: { number: number; at: number; after: number },
): SymlinkInode {
  const [start, length] = [at + 8, table.readUInt32LE(at + 4)];
  const target = table.toString("latin1", start, start + length);
  return { type: "symlink", number, target, end: start + length + after };
}

/** The offset after the index of a long folder's list. */
function afterIndex(table: Buffer, start: number, entries: number): number {
  let at = start;
  for (let i = 0; i < entries; i++) at += 12 + table.readUInt32LE(at + 8) + 1;
  return at;
}

function readNumber(table: Buffer, at: number): number {
  const value = Number(table.readBigUInt64LE(at));
  if (value > MOST_BYTES) throw new RangeError("an inode has a number that is too large");
  return value;
}
