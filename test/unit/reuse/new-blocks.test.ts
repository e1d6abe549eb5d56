import { describe, expect, test } from "bun:test";
import { newBlocks } from "../../../internal/reuse/new-blocks.ts";
import { BlockRecords } from "../../../internal/squashfs/blocks/block-records.ts";
import { NO_SOURCE } from "../../../internal/squashfs/blocks/block-reuse.ts";
import { STORED_BLOCK } from "../../../internal/squashfs/blocks/format.ts";
import { PartRecords } from "../../../internal/squashfs/blocks/part-records.ts";

interface Block {
  digest: number;
  length: number;
  source?: number;
  /** A gap in bytes before the block. */
  gap?: number;
}

/** Blocks that follow each other in a squashfs, with small files as pairs of block and offset. */
function use(blocks: readonly Block[], parts: readonly (readonly [block: number, offset: number])[] = []) {
  const records = new BlockRecords();
  let end = 100;
  for (const [i, { digest, length, gap = 0 }] of blocks.entries()) {
    const offset = end + gap;
    records.add({ digest: new Uint8Array(32).fill(digest), offset, length, checksum: BigInt(i) });
    end = offset + (length & (STORED_BLOCK - 1));
  }
  const small = new PartRecords();
  for (const [block, offset] of parts) small.add({ prefix: 10 * block, block, offset });
  const sources = Int32Array.from(blocks, ({ source = NO_SOURCE }) => source);
  return { blocks: records, sources, parts: small };
}

const shown = (blocks: BlockRecords) => [...blocks].map(({ digest, offset }) => [digest[0], offset]);

describe("newBlocks", () => {
  const keeps = (source: number) => source === 7;

  test("leaves out blocks from a file that keeps them", () => {
    const found = newBlocks(
      use([
        { digest: 1, length: 10 },
        { digest: 2, length: 20, source: 7 },
        { digest: 3, length: 30, source: 8 },
        { digest: 4, length: 40 | STORED_BLOCK },
        { digest: 5, length: 50, source: 7 },
      ]),
      keeps,
    );
    expect(shown(found.blocks)).toEqual([
      [1, 0],
      [3, 10],
      [4, 40],
    ]);
    expect(found.blocks.at(2)).toMatchObject({ length: 40 | STORED_BLOCK, checksum: 3n });
    expect(found.ranges).toEqual([
      { start: 100, length: 10 },
      { start: 130, length: 70 },
    ]);
    expect(found.bytes).toBe(80);
  });

  test("has a content that the squashfs stores twice once, and does not join ranges with a gap", () => {
    const found = newBlocks(
      use([
        { digest: 1, length: 10 },
        { digest: 1, length: 10 },
        { digest: 2, length: 5 },
        { digest: 3, length: 5, gap: 4 },
      ]),
      keeps,
    );
    expect(shown(found.blocks)).toEqual([
      [1, 0],
      [2, 10],
      [3, 15],
    ]);
    expect(found.ranges).toEqual([
      { start: 100, length: 10 },
      { start: 120, length: 5 },
      { start: 129, length: 5 },
    ]);
  });

  test("has the small files of its own fragments, by their new numbers", () => {
    const blocks = [
      { digest: 1, length: 10, source: 7 },
      { digest: 2, length: 20 },
      { digest: 3, length: 30, source: 7 },
      { digest: 4, length: 40 },
    ];
    const found = newBlocks(
      use(blocks, [
        [0, 0],
        [1, 0],
        [1, 9],
        [2, 0],
        [3, 5],
      ]),
      keeps,
    );
    expect([...found.parts]).toEqual([
      { prefix: 10, block: 0, offset: 0 },
      { prefix: 10, block: 0, offset: 9 },
      { prefix: 30, block: 1, offset: 5 },
    ]);
  });

  test("is empty without a new block", () => {
    for (const blocks of [[], [{ digest: 1, length: 10, source: 7 }]]) {
      const found = newBlocks(use(blocks), keeps);
      expect([found.blocks.count, found.ranges, found.bytes]).toEqual([0, [], 0]);
    }
  });
});
