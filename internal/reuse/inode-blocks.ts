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

/** Most blocks of a squashfs. */
const MOST_BLOCKS = 2 ** 18;

/**
 * The data blocks that all inodes of an inode table's content name, by their offsets. `bytes` is the length of the squashfs.
 * @throws RangeError if it is damaged, or has more blocks than platter reads
 */
export function blocksOfInodes(
  table: Buffer,
  { blockSize, bytes }: { blockSize: number; bytes: number },
): Map<number, BlockPlace> {
  const blocks = new Map<number, BlockPlace>();
  let free = bytes;
  for (let at = 0; at < table.length; ) {
    const inode = inodeAt(table, at, blockSize);
    at = inode.end;
    if (inode.type !== "file") continue;
    for (const block of blocksOfFile(table, inode, blockSize)) {
      if (block.length === 0) continue;
      const stored = storedLength(block);
      if (!blocks.has(block.offset)) free -= stored;
      if (stored === 0 || free < 0) throw new RangeError("the blocks do not fit");
      blocks.set(block.offset, block);
      if (blocks.size > MOST_BLOCKS) throw new RangeError("there are too many blocks");
    }
  }
  return blocks;
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
