/** Whatever is known of earlier squashfs files, the bytes are those of a build that knows nothing. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { decodeIndex, encodeIndex } from "../../../internal/reuse/block-index.ts";
import { type KnownFile, KnownFiles } from "../../../internal/reuse/known-files.ts";
import { openReused } from "../../../internal/reuse/reused-file.ts";
import type { RootfsOptions } from "../../../internal/rootfs/rootfs-options.ts";
import { BlockRecords } from "../../../internal/squashfs/blocks/block-records.ts";
import { checksumOf, storedLength } from "../../../internal/squashfs/blocks/block-table.ts";
import { codecIdentity } from "../../../internal/squashfs/blocks/codec.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { writtenTo } from "../../helpers/squashfs-run.ts";

setDefaultTimeout(120_000);

/** Each run starts threads. */
const RUNS = process.env.PLATTER_TEST === "full" ? 100 : 10;

const BLOCK = 4096;
const zstd = { type: "squashfs", compression: "zstd", level: 9, blockSize: BLOCK } as const;
const gzip = { ...zstd, compression: "gzip", level: 6 } as const;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-reuse-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

const file = fc.record({
  name: fc.stringMatching(/^[a-f]{1,2}$/),
  length: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 6 * BLOCK })),
  kind: fc.constantFrom("noise", "text", "zeros"),
  seed: fc.integer({ min: 1, max: 4 }),
});
const files = fc.array(file, { maxLength: 30 });

type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

/** Later files replace earlier ones of the same name. */
function membersOf(images: readonly File[]): Member[] {
  const byName = new Map(images.map((each) => [each.name, each]));
  return [...byName.values()].map(({ name, length, kind, seed }) => {
    if (kind === "zeros") return { name, content: "\0".repeat(length) };
    const random = seededNoise(kind === "noise" ? length : Math.ceil(length / 4), seed);
    const text = Buffer.from(random).toString("latin1");
    return { name, content: kind === "noise" ? text : `${text}${text}${text}${text}`.slice(0, length) };
  });
}

/** A squashfs as a cache has it: the file, and its index as bytes. */
async function kept(name: string, about: { members: Member[]; options: RootfsOptions }): Promise<Buffer> {
  const { use } = await writtenTo(at(name), { ...about, known: "none" });
  return encodeIndex({ identity: codecIdentity(about.options), blocks: use!.blocks });
}

function knownFile(name: string, blocks: BlockRecords): KnownFile {
  const fd = openSync(at(name), "r");
  return { fd, start: 0, blocks, close: () => closeSync(fd) };
}

describe("writeSquashfs with a cache", () => {
  // Enough of them that most files have a damaged block.
  const damage = fc.array(fc.record({ place: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) }), {
    maxLength: 60,
  });
  /** Which of the records are still there. */
  const state = fc.record({ before: files, damage, leftOut: fc.array(fc.nat(), { maxLength: 5 }) });

  test.each([
    zstd,
    gzip,
  ])("gives the same bytes, whatever the cache has, with $compression", async (options) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(state, { maxLength: 3 }),
        files,
        fc.boolean(),
        async (states, changes, isSuccessor) => {
          using known = new KnownFiles();
          for (const [i, { before, damage: flips, leftOut }] of states.entries()) {
            const name = `old-${i}`;
            const index = await kept(name, { members: membersOf(before), options });
            const records = decodeIndex(index, codecIdentity(options))!;
            const left = new BlockRecords();
            const gone = new Set(leftOut.map((number) => number % Math.max(1, records.count)));
            for (let r = 0; r < records.count; r++) if (!gone.has(r)) left.add(records.at(r));
            const bytes = readFileSync(at(name));
            for (const { place, bit } of flips) bytes[place % bytes.length]! ^= 1 << bit;
            writeFileSync(at(name), bytes);
            known.add(knownFile(name, left));
          }
          const image = isSuccessor ? [...(states[0]?.before ?? []), ...changes] : changes;
          const members = membersOf(image);
          const expected = await writtenTo(at("plain"), { members, options });
          const reused = await writtenTo(at("reused"), { members, options, known });
          expectSameBytes(reused.bytes, expected.bytes);
          expect(reused.use!.reusedBytes).toBeLessThanOrEqual(reused.use!.bytes);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test("takes all blocks of an identical image, and nearly all of one with a changed file", async () => {
    const members: Member[] = Array.from({ length: 200 }, (_, i) => ({
      name: String(i).padStart(3, "0"),
      content: Buffer.from(seededNoise(i % 10 === 0 ? 5 * BLOCK : 700, i)).toString("latin1"),
    }));
    const records = decodeIndex(await kept("all", { members, options: zstd }), codecIdentity(zstd))!;
    using known = new KnownFiles();
    known.add(knownFile("all", records));
    const again = await writtenTo(at("again"), { members, options: zstd, known });
    expect(again.use!.reusedBytes).toBe(again.use!.bytes);
    const changed = members.with(100, { name: "100", content: "changed".repeat(100) });
    const { use } = await writtenTo(at("changed"), { members: changed, options: zstd, known });
    // A fragment has five of the small files: the changed one moves only the ones after it.
    expect(use!.reusedBytes / use!.bytes).toBeWithin(0.7, 1);
  });

  test("records each block that is in the file once, and no block that was taken back", async () => {
    const large = Buffer.from(seededNoise(5 * BLOCK + 9, 3)).toString("latin1");
    const names = ["a", "b", "c", "d"];
    const members: Member[] = names.map((name) => ({
      name,
      content: name === "c" ? "text ".repeat(BLOCK) : large,
    }));
    const { bytes, use } = await writtenTo(at("records"), { members, options: zstd, known: "none" });
    let end = 0;
    for (const { offset, length, checksum } of use!.blocks) {
      const stored = bytes.subarray(offset, offset + storedLength({ length }));
      expect(offset).toBeGreaterThanOrEqual(end);
      expect(checksumOf(stored)).toBe(checksum);
      end = offset + stored.length;
    }
    // Six blocks of the noise, and five of the text.
    expect(use!.blocks.count).toBe(11);
  });

  test("counts each damaged file once, and files that were used", async () => {
    const members = [{ name: "a", content: "text ".repeat(2 * BLOCK) }];
    const records = decodeIndex(await kept("damaged", { members, options: zstd }), codecIdentity(zstd))!;
    const calls: string[] = [];
    using known = new KnownFiles();
    const file = knownFile("damaged", records);
    known.add({ ...file, onUsed: () => calls.push("used"), onDamaged: () => calls.push("damaged") });
    await writtenTo(at("good"), { members, options: zstd, known });
    writeFileSync(at("damaged"), seededNoise(readFileSync(at("damaged")).length, 1));
    const { bytes } = await writtenTo(at("bad"), { members, options: zstd, known });
    expectSameBytes(bytes, readFileSync(at("good")));
    expect(calls).toEqual(["used", "damaged"]);
  });
});

describe("openReused with a squashfs", () => {
  const { signal } = new AbortController();

  test("gives the same bytes, and all of an identical image is reused", async () => {
    await fc.assert(
      fc.asyncProperty(files, files, async (before, changes) => {
        await writtenTo(at("old"), { members: membersOf(before), options: zstd });
        const open = () => openReused(at("old"), { wanted: zstd, signal });
        for (const image of [before, [...before, ...changes]]) {
          const members = membersOf(image);
          const expected = await writtenTo(at("plain"), { members, options: zstd });
          const found = await open();
          if ("reason" in found) throw new Error(found.reason);
          using earlier = found;
          const reused = await writtenTo(at("reused"), { members, options: zstd, earlier });
          expectSameBytes(reused.bytes, expected.bytes);
          if (image === before) expect(reused.use!.reusedBytes).toBe(reused.use!.bytes);
        }
      }),
      { numRuns: RUNS },
    );
  });

  test.each<[string, RootfsOptions, RegExp]>([
    ["another level", { ...zstd, level: 8 }, /another level or version/],
    ["another block size", { ...zstd, blockSize: 2 * BLOCK }, /another size/],
    ["another compression", gzip, /another compression/],
    ["zstd's usual level, which a squashfs does not name", { ...zstd, level: 15 }, /another level/],
  ])("a squashfs with %s is not used", async (_, options, reason) => {
    const members = [{ name: "a", content: "text ".repeat(BLOCK) }];
    await writtenTo(at("other"), { members, options });
    const found = await openReused(at("other"), { wanted: zstd, signal });
    expect(found).toEqual({ reason: expect.stringMatching(reason) });
  });

  test("a squashfs that does not say which compressor made its blocks is not used", async () => {
    const members = [{ name: "a", content: "text ".repeat(BLOCK) }];
    const { bytes } = await writtenTo(at("alone"), { members, options: zstd });
    const used = Number(bytes.readBigUInt64LE(40));
    writeFileSync(at("alone"), bytes.fill(0, used));
    const found = await openReused(at("alone"), { wanted: zstd, signal });
    expect(found).toEqual({ reason: "it does not say which compressor made its blocks" });
  });

  test("any damage in a squashfs ends in a reason, or in the bytes that a build would make", async () => {
    const members = membersOf(
      Array.from(
        { length: 30 },
        (_, i) => ({ name: `f${i}`, length: 700 * i, kind: "text", seed: i }) as File,
      ),
    );
    const { bytes } = await writtenTo(at("sound"), { members, options: zstd });
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const damaged = Buffer.from(bytes);
        damaged[place]! ^= flip;
        writeFileSync(at("hit"), damaged);
        const found = await openReused(at("hit"), { wanted: zstd, signal });
        if ("reason" in found) return;
        using earlier = found;
        const again = await writtenTo(at("again"), { members, options: zstd, earlier });
        expectSameBytes(again.bytes, bytes);
      }),
      { numRuns: 4 * RUNS },
    );
  });

  test("a file is found by its path, and not by its content", async () => {
    const content = (seed: number) => Buffer.from(seededNoise(3 * BLOCK, seed)).toString("latin1");
    const members = ["a", "b", "d"].map((name, seed) => ({ name, content: content(seed) }));
    await writtenTo(at("old"), { members, options: zstd });
    const found = await openReused(at("old"), { wanted: zstd, signal });
    if ("reason" in found) throw new Error(found.reason);
    using earlier = found;
    const renamed = members.map((member) => (member.name === "b" ? { ...member, name: "c" } : member));
    const { use } = await writtenTo(at("renamed"), { members: renamed, options: zstd, earlier });
    expect({ bytes: use!.bytes, reused: use!.reusedBytes }).toEqual({ bytes: 9 * BLOCK, reused: 6 * BLOCK });
  });

  test("names in long folders below each other are found", async () => {
    const members = Array.from({ length: 3000 }, (_, i) => ({
      name: `${i % 7}/${"n".repeat(100)}${i % 11}/${i}`,
      content: Buffer.from(seededNoise(i % 50 === 0 ? BLOCK : 5, i)).toString("latin1"),
    }));
    await writtenTo(at("old"), { members, options: zstd });
    const found = await openReused(at("old"), { wanted: zstd, signal });
    if ("reason" in found) throw new Error(found.reason);
    using earlier = found;
    const { use } = await writtenTo(at("again"), { members, options: zstd, earlier });
    expect(use!.reusedBytes).toBe(use!.bytes);
    expect(use!.blocks.count).toBeGreaterThan(60);
  });
});

describe("decodeIndex", () => {
  test("returns what was encoded, and nothing of an index with any changed byte", async () => {
    const members = [{ name: "a", content: "text ".repeat(BLOCK) }];
    const index = await kept("indexed", { members, options: zstd });
    const identity = codecIdentity(zstd);
    const decoded = decodeIndex(index, identity)!;
    expectSameBytes(encodeIndex({ identity, blocks: decoded }), index);
    for (let place = 0; place < index.length; place++) {
      const damaged = Buffer.from(index);
      damaged[place]! ^= 0x10;
      expect(decodeIndex(damaged, identity)).toBeUndefined();
    }
    expect(decodeIndex(index.subarray(0, -1), identity)).toBeUndefined();
    expect(decodeIndex(index, codecIdentity({ ...zstd, level: 3 }))).toBeUndefined();
    expect(decodeIndex(Buffer.alloc(0), identity)).toBeUndefined();
  });
});
