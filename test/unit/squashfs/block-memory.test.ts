import { afterEach, expect, spyOn, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlockPacker } from "../../../internal/squashfs/blocks/block-packer.ts";
import { writtenTo } from "../../helpers/squashfs-run.ts";

const BLOCK = 4096;
const path = join(tmpdir(), `platter-block-memory-${process.pid}`);
const options = { type: "squashfs", compression: "zstd", level: 3, blockSize: BLOCK } as const;

afterEach(() => rmSync(path, { force: true }));

test("writeSquashfs: the buffers of blocks come back when they are written", async () => {
  using taken = spyOn(BlockPacker.prototype, "buffer");
  using returned = spyOn(BlockPacker.prototype, "giveBack");
  const members = Array.from({ length: 60 }, (_, i) => ({
    name: `${i}`,
    content: `${i} words `.repeat(300),
  }));
  await writtenTo(path, { members, options });
  expect(taken.mock.calls.length).toBeGreaterThan(20);
  // One more waits for the next small file.
  expect(taken.mock.calls.length - returned.mock.calls.length).toBe(1);
});
