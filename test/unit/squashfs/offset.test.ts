import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memorySource } from "../../../internal/files/byte-source.ts";
import type { RootfsOptions } from "../../../internal/rootfs/rootfs-options.ts";
import { codecDigest, codecIdentity } from "../../../internal/squashfs/blocks/codec.ts";
import { decodeRecord, RECORD_SIZE } from "../../../internal/squashfs/blocks/codec-record.ts";
import { writeSquashfs } from "../../../internal/squashfs/write.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { openLayers } from "../../helpers/images/memory-layers.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";
import { noise, seededNoise } from "../../helpers/noise.ts";

const BLOCK = 4096;
const TIME = 1_700_000_000;
const OFFSET = 700_416;
const zstd = { type: "squashfs", compression: "zstd", level: 3, blockSize: BLOCK } as const;
const none = { ...zstd, compression: "none", level: null } as const;

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const large = text(noise(40 * BLOCK));
const MEMBERS: readonly Member[] = [
  { name: "folder/", type: "5" },
  { name: "folder/small", content: "some text" },
  { name: "holes", content: `${text(noise(BLOCK))}${"\0".repeat(3 * BLOCK)}${text(noise(BLOCK))}` },
  { name: "link", type: "2", link: "folder/small" },
  { name: "other", type: "1", link: "folder/small" },
  // The last file is the same as an earlier one: its blocks are taken back.
  { name: "x", content: large },
  { name: "y", content: large },
];

/** Writes the members' squashfs at a byte offset of a file with some content; returns the file and the length reported. */
async function written(
  options: RootfsOptions,
  { offset, before, members = MEMBERS }: { offset: number; before: Uint8Array; members?: readonly Member[] },
): Promise<{ file: Buffer; length: number }> {
  // Cut into pieces: a content that can be read only once is compressed before it is known as a duplicate.
  await using tree = await openLayers([members], { piece: 777 });
  const path = join(tmpdir(), `platter-offset-${process.pid}`);
  writeFileSync(path, before);
  const fd = openSync(path, "r+");
  try {
    const run = { walk: { include: () => true }, options, time: TIME, onBytes: () => undefined };
    const { signal } = new AbortController();
    const length = await writeSquashfs(tree, { fd, offset }, { ...run, signal });
    return { file: readFileSync(path), length };
  } finally {
    closeSync(fd);
    rmSync(path);
  }
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

describe("writeSquashfs: a squashfs inside another file", () => {
  test.each([zstd, none])("has the same bytes as a file of its own, with $compression", async (options) => {
    const alone = await written(options, { offset: 0, before: new Uint8Array(0) });
    expect(alone.length % BLOCK).toBe(0);
    expect(alone.file).toHaveLength(alone.length);
    const inside = await written(options, { offset: OFFSET, before: new Uint8Array(0) });
    expect(inside.length).toBe(alone.length);
    expect(inside.file).toHaveLength(OFFSET + alone.length);
    expect(sha256(inside.file.subarray(OFFSET))).toBe(sha256(alone.file));
    expect(sha256(inside.file.subarray(0, OFFSET))).toBe(sha256(new Uint8Array(OFFSET)));
  });

  test("leaves what is before it, and nothing of longer content after its tables", async () => {
    const alone = await written(none, { offset: 0, before: new Uint8Array(0) });
    const before = new Uint8Array(OFFSET + alone.length + 100_000).fill(0x77);
    const inside = await written(none, { offset: OFFSET, before });
    expect(inside.file).toHaveLength(OFFSET + alone.length);
    expect(sha256(inside.file.subarray(0, OFFSET))).toBe(sha256(before.subarray(0, OFFSET)));
    expect(sha256(inside.file.subarray(OFFSET))).toBe(sha256(alone.file));
  });

  test("does not contain the blocks that were taken back", async () => {
    const once = MEMBERS.filter(({ name }) => name !== "y");
    const twice = await written(none, { offset: OFFSET, before: new Uint8Array(0) });
    const single = await written(none, { offset: OFFSET, before: new Uint8Array(0), members: once });
    expect(twice.length - single.length).toBeWithin(0, BLOCK + 1);
  });
});

describe("writeSquashfs: the record of the codec", () => {
  const empty = new Uint8Array(0);
  /** A squashfs whose tables end at this byte of a 4 KiB page: content is added until they do. */
  const endingAt = async (place: number) => {
    for (let length = BLOCK, turn = 0; turn < 50; turn++) {
      const members = [{ name: "a", content: text(seededNoise(length, 1)) }];
      const { file } = await written(zstd, { offset: 0, before: empty, members });
      const used = Number(file.readBigUInt64LE(40));
      if (used % BLOCK === place) return { file, used };
      length += (place - used + 2 * BLOCK) % BLOCK;
    }
    throw new Error(`no squashfs ends at byte ${place}`);
  };

  test.each([
    ["at the end of the padding", BLOCK - RECORD_SIZE, 0],
    ["in a page of its own, if the padding is too short", BLOCK - RECORD_SIZE + 1, 1],
  ])("is %s", async (_, place, pages) => {
    const { file, used } = await endingAt(place);
    expect(file.length).toBe((Math.ceil(used / BLOCK) + pages) * BLOCK);
    expect(decodeRecord(file.subarray(used))).toMatchObject({
      codec: Buffer.from(codecDigest(codecIdentity(zstd))),
    });
    expect(file.subarray(used + RECORD_SIZE).every((byte) => byte === 0)).toBe(true);
    const { value, problems } = await readSquashfs(memorySource(file));
    expect(problems).toEqual([]);
    expect(value?.record).toBeDefined();
    file[used + RECORD_SIZE - 1]! ^= 1;
    const damaged = await readSquashfs(memorySource(file));
    expect(damaged.problems).toMatchObject([{ code: "squashfs-record", offset: used }]);
    expect(damaged.structures.map(({ start, length }) => start + length)).toContain(used + RECORD_SIZE);
  });

  test("is left out without zstd, because no other block is reused", async () => {
    const { file } = await written(none, { offset: 0, before: empty });
    expect(decodeRecord(file.subarray(Number(file.readBigUInt64LE(40))))).toBeUndefined();
  });
});
