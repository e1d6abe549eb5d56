/** The data blocks that the inodes of a squashfs name (squashfs.rst, "Inodes"). */
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { type FileInode, inodeAt } from "./stored-inode.ts";

/** A block in a squashfs. */
export interface BlockPlace {
  /** Byte offset from the squashfs's first byte. */
  offset: number;
  /** Length in the form of an inode. */
  length: number;
  /** Bytes of the content. */
  size: number;
}

/**
 * A small file's offset in a fragment, times this number, plus its size. A million objects would take much memory. Sizes
 * are at most those of the largest blocks.
 */
export const PART_UNIT = 2 ** 21;

export interface InodeBlocks {
  /** The blocks by their offsets. */
  blocks: Map<number, BlockPlace>;
  /** The files in each fragment in units of {@link PART_UNIT}, by the fragment's number. */
  fragments: Map<number, number[]>;
}

/** Most blocks, and most files in fragments. */
const MOST_FOUND = { blocks: 2 ** 18, files: 2 ** 20 };

/**
 * Reads all inodes of an inode table's content. `fragments` is the number of fragments that the squashfs has, and `bytes`
 * its length.
 * @throws RangeError if it is damaged, or has more blocks or files than platter reads
 */
export function blocksOfInodes(
  table: Buffer,
  { blockSize, fragments, bytes }: { blockSize: number; fragments: number; bytes: number },
): InodeBlocks {
  const found: InodeBlocks = { blocks: new Map(), fragments: new Map() };
  const reading = { blockSize, fragments, found, parts: 0, bytes };
  for (let at = 0; at < table.length; ) {
    const inode = inodeAt(table, at, blockSize);
    if (inode.type === "file") addFile(table, inode, reading);
    at = inode.end;
  }
  return found;
}

interface Reading {
  blockSize: number;
  fragments: number;
  found: InodeBlocks;
  /** Files in fragments so far. */
  parts: number;
  /** Bytes of the squashfs that no block takes so far. */
  bytes: number;
}

/** The data blocks of a file in their order. A hole has length 0. */
export function* blocksOfFile(table: Buffer, inode: FileInode, blockSize: number): Generator<BlockPlace> {
  const { size, start, tail, list, blocks } = inode;
  let offset = start;
  for (let i = 0; i < blocks; i++) {
    const length = table.readUInt32LE(list + 4 * i);
    yield { offset, length, size: Math.min(blockSize, size - tail - i * blockSize) };
    offset += storedLength({ length });
  }
}

function addFile(table: Buffer, inode: FileInode, reading: Reading): void {
  const { fragment, offset, tail } = inode;
  const { blockSize, found } = reading;
  for (const block of blocksOfFile(table, inode, blockSize)) {
    if (block.length === 0) continue;
    const stored = storedLength(block);
    if (!found.blocks.has(block.offset)) reading.bytes -= stored;
    if (stored === 0 || reading.bytes < 0) throw new RangeError("the blocks do not fit");
    found.blocks.set(block.offset, block);
    if (found.blocks.size > MOST_FOUND.blocks) throw new RangeError("there are too many blocks");
  }
  if (fragment === undefined) return;
  if (fragment >= reading.fragments) throw new RangeError("an inode names a fragment that does not exist");
  if (++reading.parts > MOST_FOUND.files) throw new RangeError("there are too many files in fragments");
  const parts = found.fragments.get(fragment);
  const part = offset * PART_UNIT + tail;
  if (parts === undefined) found.fragments.set(fragment, [part]);
  else parts.push(part);
}
