import { expect, test } from "bun:test";
import fc from "fast-check";
import { BlockGatherer } from "../../internal/iso/block-gatherer.ts";

const MIB = 1024 * 1024;

test("pieces of any size come out in order, in blocks of a mebibyte, and the rest at the end", async () => {
  const lengths = fc.array(
    fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.integer({ min: 0, max: 3 * MIB })),
    {
      maxLength: 8,
    },
  );
  await fc.assert(
    fc.asyncProperty(lengths, async (pieces) => {
      const taken: Buffer[] = [];
      const gatherer = new BlockGatherer(async (block) => {
        await Bun.sleep(0);
        taken.push(Buffer.from(block));
      });
      const all = Buffer.concat(pieces.map((length, index) => Buffer.alloc(length, index + 1)));
      let at = 0;
      for (const length of pieces) {
        await gatherer.add(all.subarray(at, at + length));
        at += length;
      }
      await gatherer.flush();
      expect(Buffer.concat(taken).equals(all)).toBe(true);
      expect(taken.slice(0, -1).every(({ length }) => length === MIB)).toBe(true);
      expect(taken.every(({ length }) => length > 0)).toBe(true);
    }),
    { numRuns: 40 },
  );
});
