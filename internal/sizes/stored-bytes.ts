/** How many bytes of a squashfs each file takes. */
import type { FileInode, StoredInode } from "../reuse/stored-inode.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import type { SquashfsFile } from "./squashfs-file.ts";
import type { StoredNode } from "./squashfs-names.ts";

/** All nodes in canonical order: each directory before its names. */
export function* nodesOf(root: StoredNode): Generator<StoredNode> {
  const queue = [root];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    yield node;
    const children = [...(node.children?.values() ?? [])];
    for (const child of children.reverse()) queue.push(child);
  }
}

/**
 * The stored bytes of each file. A content that several files share counts for the first of them in canonical order. A
 * part of a fragment takes its share of the stored bytes, so the sum of all files is the sum of all blocks.
 */
export function storedBytes(file: SquashfsFile): Map<StoredInode, number> {
  const bytes = new Map<StoredInode, number>();
  const lengths = fragmentLengths(file);
  const [blocks, tails] = [new Set<number>(), new Set<number>()];
  for (const { inode } of nodesOf(file.root)) {
    if (inode.type !== "file" || bytes.has(inode)) continue;
    let sum = 0;
    for (const block of file.blocksOf(inode)) {
      const stored = storedLength(block);
      if (stored > 0 && isNew(blocks, block.offset)) sum += stored;
    }
    const { fragment = -1, offset } = inode;
    const of = lengths.get(fragment);
    if (of !== undefined && isNew(tails, fragment * file.blockSize + offset)) {
      sum += shareOf(inode, { stored: storedLength(file.fragments[fragment]!), of });
    }
    bytes.set(inode, sum);
  }
  return bytes;
}

/** Adds a value to a set. Returns false if the set has it already. */
function isNew(seen: Set<number>, value: number): boolean {
  return seen.size !== seen.add(value).size;
}

/** Bytes of the content of each fragment, by its number. */
function fragmentLengths({ root, fragments }: SquashfsFile): Map<number, number> {
  const lengths = new Map<number, number>();
  for (const { inode } of nodesOf(root)) {
    if (inode.type !== "file" || inode.fragment === undefined) continue;
    if (fragments[inode.fragment] === undefined) continue;
    const end = inode.offset + inode.tail;
    lengths.set(inode.fragment, Math.max(end, lengths.get(inode.fragment) ?? 0));
  }
  return lengths;
}

/** Rounded so that the shares of adjacent parts add up to the whole. */
function shareOf({ offset, tail }: FileInode, { stored, of }: { stored: number; of: number }): number {
  const before = (end: number) => Math.floor((stored * end) / of);
  return before(offset + tail) - before(offset);
}
