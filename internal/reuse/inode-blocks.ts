/** The data blocks that the inodes of a squashfs name (squashfs.rst, "Inodes"). */
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { NO_INDEX } from "../squashfs/blocks/format.ts";

/** A block in a squashfs. */
export interface BlockPlace {
  /** Byte offset from the squashfs's first byte. */
  offset: number;
  /** Length in the form of an inode. */
  length: number;
  /** Bytes of the content. */
  size: number;
}

/** A small file's place in a fragment. */
export interface FragmentPart {
  offset: number;
  size: number;
}

export interface InodeBlocks {
  /** The blocks by their offsets. */
  blocks: Map<number, BlockPlace>;
  /** The files in each fragment, by the fragment's number. */
  fragments: Map<number, FragmentPart[]>;
}

const HEAD = 16;
/** Most bytes of a file. A larger number in an inode is damage. */
const MOST_BYTES = 2 ** 50;
/** Most blocks, and most files in fragments. A desktop image has a tenth of this number. */
const MOST_FOUND = 2 ** 20;

/**
 * Reads all inodes of an inode table's content. `fragments` is the number of fragments that the squashfs has.
 * @throws RangeError if it is damaged, or has more blocks or files than platter reads
 */
export function blocksOfInodes(
  table: Buffer,
  { blockSize, fragments }: { blockSize: number; fragments: number },
): InodeBlocks {
  const found: InodeBlocks = { blocks: new Map(), fragments: new Map() };
  const reading = { blockSize, fragments, found, parts: 0 };
  for (let at = 0; at < table.length; ) at = readInode(table, at, reading);
  return found;
}

interface Reading {
  blockSize: number;
  fragments: number;
  found: InodeBlocks;
  /** Files in fragments so far. */
  parts: number;
}

/** Reads the inode at an offset. Returns the offset of the next one. */
function readInode(table: Buffer, at: number, reading: Reading): number {
  const type = table.readUInt16LE(at);
  const body = at + HEAD;
  switch (type) {
    case 1:
      return body + 16;
    case 2: {
      const [start, fragment, offset, size] = [0, 4, 8, 12].map((place) =>
        table.readUInt32LE(body + place),
      ) as [number, number, number, number];
      return addFile(table, { start, fragment, offset, size, list: body + 16 }, reading);
    }
    case 3:
      return body + 8 + table.readUInt32LE(body + 4);
    case 4:
    case 5:
      return body + 8;
    case 6:
    case 7:
      return body + 4;
    case 8:
      return afterIndex(table, body + 24, table.readUInt16LE(body + 16));
    case 9: {
      const [start, size] = [readNumber(table, body), readNumber(table, body + 8)];
      const [fragment, offset] = [table.readUInt32LE(body + 28), table.readUInt32LE(body + 32)];
      return addFile(table, { start, fragment, offset, size, list: body + 40 }, reading);
    }
    case 10:
      return body + 12 + table.readUInt32LE(body + 4);
    case 11:
    case 12:
      return body + 12;
    case 13:
    case 14:
      return body + 8;
    default:
      throw new RangeError(`an inode has type ${type}`);
  }
}

interface FileInode {
  start: number;
  fragment: number;
  offset: number;
  size: number;
  /** Byte offset of the lengths of the blocks in the table. */
  list: number;
}

function addFile(
  table: Buffer,
  { start, fragment, offset, size, list }: FileInode,
  reading: Reading,
): number {
  const { blockSize, found } = reading;
  const isFragment = fragment !== NO_INDEX;
  const tail = isFragment ? size % blockSize : 0;
  const count = Math.ceil((size - tail) / blockSize);
  if (list + 4 * count > table.length) throw new RangeError("an inode is cut off");
  let place = start;
  for (let i = 0; i < count; i++) {
    const length = table.readUInt32LE(list + 4 * i);
    if (length === 0) continue;
    const content = Math.min(blockSize, size - tail - i * blockSize);
    found.blocks.set(place, { offset: place, length, size: content });
    place += storedLength({ length });
    if (found.blocks.size > MOST_FOUND) throw new RangeError("there are too many blocks");
  }
  if (isFragment && tail > 0) {
    if (fragment >= reading.fragments) throw new RangeError("an inode names a fragment that does not exist");
    if (++reading.parts > 2 * MOST_FOUND) throw new RangeError("there are too many files in fragments");
    const parts = found.fragments.get(fragment) ?? [];
    parts.push({ offset, size: tail });
    found.fragments.set(fragment, parts);
  }
  return list + 4 * count;
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
