/** A squashfs that another program, or somebody with a plan, has written: memory and time stay bounded, and no byte changes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blocksOfInodes } from "../../../internal/reuse/inode-blocks.ts";
import { openReused } from "../../../internal/reuse/reused-file.ts";
import { blocksToCheck, requireApart } from "../../../internal/reuse/squashfs-blocks.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { writtenTo } from "../../helpers/squashfs-run.ts";

const BLOCK = 4096;
const zstd = { type: "squashfs", compression: "zstd", level: 9, blockSize: BLOCK } as const;
const STORED = 1 << 24;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-foreign-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const sum = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
const open = (name: string) => openReused(at(name), { wanted: zstd, signal: new AbortController().signal });

/** An inode of a file (squashfs.rst, "Inodes", type 9). */
function fileInode(options: {
  start?: number;
  size: number;
  fragment?: number;
  blocks?: Uint32Array;
}): Buffer {
  const { start = 96, size, fragment = 0xffffffff, blocks = new Uint32Array(0) } = options;
  const inode = Buffer.alloc(56);
  inode.writeUInt16LE(9, 0);
  inode.writeBigUInt64LE(BigInt(start), 16);
  inode.writeBigUInt64LE(BigInt(size), 24);
  inode.writeUInt32LE(fragment, 44);
  inode.writeUInt32LE(0xffffffff, 52);
  return Buffer.concat([inode, new Uint8Array(blocks.buffer)]);
}

test("blocksOfInodes: more blocks than an image has are refused", () => {
  const blocks = new Uint32Array(2 ** 20 + 1).fill(1);
  const table = fileInode({ size: blocks.length * BLOCK, blocks });
  expect(() => blocksOfInodes(table, { blockSize: BLOCK, fragments: 0 })).toThrow("too many blocks");
});

test("blocksOfInodes: a fragment that does not exist is refused", () => {
  const table = fileInode({ size: 1, fragment: 3 });
  expect(blocksOfInodes(table, { blockSize: BLOCK, fragments: 4 }).fragments.size).toBe(1);
  expect(() => blocksOfInodes(table, { blockSize: BLOCK, fragments: 3 })).toThrow("does not exist");
});

test("requireApart: blocks that overlap are refused", () => {
  const block = (offset: number, length: number) => ({ offset, length, size: BLOCK });
  expect(() => requireApart([block(96, 10), block(106, 4096 | STORED), block(4202, 1)])).not.toThrow();
  expect(() => requireApart([block(96, 10), block(105, 1)])).toThrow("overlap");
  expect(() => requireApart([block(96, 4096 | STORED), block(97, 4096 | STORED)])).toThrow("overlap");
});

test("blocksToCheck: blocks of all lengths are checked, in any order of the others", () => {
  const blocks = Array.from({ length: 640 }, (_, i) => {
    const [size, flag] = [
      [BLOCK, STORED],
      [BLOCK, 0],
      [100, 0],
      [100, STORED],
    ][i % 4] as [number, number];
    return { offset: i * BLOCK, length: (size - 1) | flag, size };
  });
  const checked = blocksToCheck(blocks);
  for (let kind = 0; kind < 4; kind++) {
    expect(checked.filter(({ offset }) => (offset / BLOCK) % 4 === kind).length).toBeWithin(8, 33);
  }
  expect(blocksToCheck(blocks.slice(0, 5)).length).toBe(5);
  expect(blocksToCheck([])).toEqual([]);
});

test("openReused: blocks of other parameters between blocks that do not become shorter are noticed", async () => {
  const members = Array.from({ length: 64 }, (_, i) => {
    const noise = Buffer.from(seededNoise(BLOCK, i + 1)).toString("latin1");
    const words = Array.from(seededNoise(BLOCK, i + 1), (byte) => `word${byte % 97} `).join("");
    return { name: String(i).padStart(2, "0"), content: i % 2 === 0 ? noise : words.slice(0, BLOCK) };
  });
  await writtenTo(at("other"), { members, options: { ...zstd, level: 1 } });
  const bytes = readFileSync(at("other"));
  bytes.writeInt32LE(zstd.level, 98);
  writeFileSync(at("other"), bytes);
  writeFileSync(at("other.sha256"), `${sum(bytes)}  other\n`);
  expect(await open("other")).toEqual({ reason: "another program or version compressed it" });
});

test("openReused: a checksum file that cannot be read is a reason", async () => {
  await writtenTo(at("sound"), { members: [{ name: "a", content: "text ".repeat(BLOCK) }], options: zstd });
  mkdirSync(at("sound-CHECKSUM"));
  expect(await open("sound")).toEqual({ reason: "the checksum file next to it cannot be read" });
});
