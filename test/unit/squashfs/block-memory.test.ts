import { afterEach, expect, spyOn, test } from "bun:test";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Compressors, type PackAnswer } from "../../../internal/squashfs/blocks/compressors.ts";
import { writtenTo } from "../../helpers/squashfs-run.ts";

const BLOCK = 4096;
const path = join(tmpdir(), `platter-block-memory-${process.pid}`);
const options = { type: "squashfs", compression: "zstd", level: 3, blockSize: BLOCK } as const;

afterEach(() => rmSync(path, { force: true }));

test("writeSquashfs: the memory of compressed blocks is free when they are written", async () => {
  using packing = spyOn(Compressors.prototype, "pack");
  const members = Array.from({ length: 60 }, (_, i) => ({
    name: `${i}`,
    content: `${i} words `.repeat(300),
  }));
  await writtenTo(path, { members, options });
  const blocks = await Promise.all(packing.mock.results.map(({ value }) => value as Promise<PackAnswer>));
  const compressed = blocks.filter((block) => block?.isCompressed);
  expect(compressed.length).toBeGreaterThan(20);
  expect(compressed.map((block) => block?.bytes.buffer.byteLength)).toEqual(compressed.map(() => 0));
});
