import type { ByteRange } from "../bytes/byte-range.ts";
import { BlockRecords } from "../squashfs/blocks/block-records.ts";
import type { BlockUse } from "../squashfs/blocks/block-reuse.ts";
import { BlockTable, storedLength } from "../squashfs/blocks/block-table.ts";
import { PartRecords } from "../squashfs/blocks/part-records.ts";

/** Blocks of a squashfs as a file of their own has them: each content once, in the order of the squashfs. */
export interface NewBlocks {
  /** Their offsets are those in the new file. */
  blocks: BlockRecords;
  /** The small files in the fragments among them. */
  parts: PartRecords;
  /** The bytes of the blocks, as ranges of the squashfs. */
  ranges: ByteRange[];
  /** The sum of the ranges. */
  bytes: number;
}

/** Stands for a block that the new file does not have. */
const LEFT_OUT = -1;

/** The blocks that were not taken from a file that keeps them. `keeps` gets the descriptor of the file, or `NO_SOURCE`. */
export function newBlocks(
  { blocks, sources, parts }: Pick<BlockUse, "blocks" | "sources" | "parts">,
  keeps: (source: number) => boolean,
): NewBlocks {
  const found: NewBlocks = { blocks: new BlockRecords(), parts: new PartRecords(), ranges: [], bytes: 0 };
  const seen = BlockTable.withRoom(blocks.count);
  const numbers = new Int32Array(blocks.count).fill(LEFT_OUT);
  for (const [i, source] of sources.entries()) {
    const block = blocks.at(i);
    if (keeps(source) || seen.find(block.digest) !== undefined) continue;
    seen.add(block.digest, { ...block, fd: source });
    numbers[i] = found.blocks.count;
    found.blocks.add({ ...block, offset: found.bytes });
    addRange(found.ranges, { start: block.offset, length: storedLength(block) });
    found.bytes += storedLength(block);
  }
  for (const part of parts) {
    const block = numbers[part.block] as number;
    if (block !== LEFT_OUT) found.parts.add({ ...part, block });
  }
  return found;
}

/** Adds a range, which makes the last one longer if it begins at its end. */
function addRange(ranges: ByteRange[], { start, length }: ByteRange): void {
  const last = ranges.at(-1);
  if (last === undefined || last.start + last.length !== start) ranges.push({ start, length });
  else ranges[ranges.length - 1] = { start: last.start, length: last.length + length };
}
