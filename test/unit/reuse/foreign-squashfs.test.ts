/** A squashfs that another program, or somebody with a plan, has written: memory and time stay bounded, and no byte changes. */
import { expect, test } from "bun:test";
import { zstdCompressSync } from "node:zlib";
import { requireApart } from "../../../internal/reuse/earlier-tables.ts";
import { blocksOfInodes } from "../../../internal/reuse/inode-blocks.ts";
import { Metadata } from "../../../internal/reuse/metadata.ts";

const BLOCK = 4096;
const STORED = 1 << 24;

/** An inode of a file (squashfs.rst, "Inodes", type 9). */
function fileInode(options: { start?: number; size: number; blocks?: Uint32Array }): Buffer {
  const { start = 96, size, blocks = new Uint32Array(0) } = options;
  const inode = Buffer.alloc(56);
  inode.writeUInt16LE(9, 0);
  inode.writeBigUInt64LE(BigInt(start), 16);
  inode.writeBigUInt64LE(BigInt(size), 24);
  inode.writeUInt32LE(0xffffffff, 44);
  inode.writeUInt32LE(0xffffffff, 52);
  return Buffer.concat([inode, new Uint8Array(blocks.buffer)]);
}

test("blocksOfInodes: more blocks than an image has are refused", () => {
  const blocks = new Uint32Array(2 ** 18 + 1).fill(1);
  const table = fileInode({ size: blocks.length * BLOCK, blocks });
  const read = () => blocksOfInodes(table, { blockSize: BLOCK, bytes: 2 ** 30 });
  expect(read).toThrow("too many blocks");
});

test("blocksOfInodes: more blocks than fit into the squashfs are refused", () => {
  const table = fileInode({ size: 100 * BLOCK, blocks: new Uint32Array(100).fill(1000) });
  const read = (bytes: number) => blocksOfInodes(table, { blockSize: BLOCK, bytes });
  expect(read(100_000).size).toBe(100);
  expect(() => read(99_999)).toThrow("do not fit");
  const empty = fileInode({ size: BLOCK, blocks: new Uint32Array(1).fill(STORED) });
  expect(() => blocksOfInodes(empty, { blockSize: BLOCK, bytes: 100 })).toThrow("do not fit");
});

test("requireApart: blocks that overlap are refused", () => {
  const block = (offset: number, length: number) => ({ offset, length });
  expect(() => requireApart([block(96, 10), block(106, 4096 | STORED), block(4202, 1)])).not.toThrow();
  expect(() => requireApart([block(96, 10), block(105, 1)])).toThrow("overlap");
  expect(() => requireApart([block(96, 4096 | STORED), block(97, 4096 | STORED)])).toThrow("overlap");
});

test("Metadata: a table whose content is larger than the limit is refused", () => {
  const zeros = zstdCompressSync(Buffer.alloc(8192));
  const block = Buffer.alloc(2 + zeros.length);
  block.writeUInt16LE(zeros.length, 0);
  block.set(zeros, 2);
  const table = Buffer.concat(new Array(10).fill(block));
  const read = (limit: number) => new Metadata(table, { limit }).content;
  expect(read(10 * 8192)).toHaveLength(10 * 8192);
  expect(() => read(10 * 8192 - 1)).toThrow("too large");
});
