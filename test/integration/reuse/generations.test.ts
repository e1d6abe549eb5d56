/** Builds in a row that share a cache: each adds its new blocks, and the bytes never depend on the cache. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ArtifactCache } from "../../../internal/pipeline/work/artifact-cache.ts";
import { writeBlocks } from "../../../internal/pipeline/work/cached-blocks.ts";
import { KnownContents } from "../../../internal/reuse/known-contents.ts";
import { KnownFiles } from "../../../internal/reuse/known-files.ts";
import { newBlocks } from "../../../internal/reuse/new-blocks.ts";
import type { RootfsOptions } from "../../../internal/rootfs/rootfs-options.ts";
import { codecIdentity } from "../../../internal/squashfs/blocks/codec.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { writtenTo } from "../../helpers/squashfs-run.ts";

setDefaultTimeout(120_000);

/** Each build starts threads. */
const RUNS = process.env.PLATTER_TEST === "full" ? 60 : 4;

const BLOCK = 4096;
const options: RootfsOptions = { type: "squashfs", compression: "zstd", level: 3, blockSize: BLOCK };
const identity = codecIdentity(options);
const { signal } = new AbortController();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-generations-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
/** Text that becomes shorter when it is compressed, and is different for each seed. */
const text = (seed: number, length: number) =>
  Array.from(seededNoise(Math.ceil(length / 3), seed), (byte) => `w${byte} `)
    .join("")
    .slice(0, length);

function openCache(name: string): Promise<ArtifactCache> {
  let now = 1_700_000_000_000;
  const clock = () => {
    now += 1000;
    return now;
  };
  return ArtifactCache.open(at(name), { limit: 2 ** 30, now: clock, report: () => undefined });
}

/** Writes a squashfs with the blocks of a cache, and adds its new blocks. */
async function generation(cache: ArtifactCache, members: readonly Member[]) {
  const warnings: string[] = [];
  using known = new KnownFiles();
  const warn = (text: string) => void warnings.push(text);
  for (const { file } of await cache.openBlocks([identity], { warn })) known.add(file);
  const { bytes, use } = await writtenTo(at("image"), { members, options, known });
  const found = newBlocks(use!, (source) => known.keeps(source));
  const fd = openSync(at("image"), "r");
  const squashfs = { file: { fd, path: "image" }, offset: 0 };
  if (found.blocks.count > 0)
    await cache.storeWritten((path) => writeBlocks(found, path, { squashfs, identity, signal }));
  closeSync(fd);
  return { bytes, use: use!, added: found, warnings };
}

const entries = (name: string) => readdirSync(at(name)).map((entry) => at(`${name}/${entry}`));
const bytesIn = (name: string) =>
  entries(name).reduce((sum, entry) => sum + statSync(`${entry}/artifact`).size, 0);

const file = fc.record({
  name: fc.stringMatching(/^[a-f]{1,2}$/),
  length: fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 4 * BLOCK })),
  seed: fc.integer({ min: 1, max: 6 }),
});
const damage = fc.record({
  entry: fc.nat(),
  file: fc.constantFrom("artifact", "blocks", "parts", "entry.json"),
  place: fc.nat(),
  bit: fc.integer({ min: 0, max: 7 }),
});
const step = fc.record({
  changes: fc.array(file, { maxLength: 12 }),
  damages: fc.array(damage, { maxLength: 3 }),
  removed: fc.option(fc.nat(), { nil: undefined }),
});

describe("builds that share a cache", () => {
  test("have the same bytes as without, and a second one finds all blocks", async () => {
    let rounds = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 4 }), async (steps) => {
        const name = `cache-${rounds++}`;
        const image = new Map<string, Member>();
        for (const { changes, damages, removed } of steps) {
          for (const { name, length, seed } of changes)
            image.set(name, { name, content: text(seed, length) });
          for (const hit of damages) damageEntry(name, hit);
          const all = removed === undefined ? [] : existing(name);
          if (all.length > 0) rmSync(all[removed! % all.length]!, { recursive: true });
          const members = [...image.values()];
          const plain = await writtenTo(at("plain"), { members, options });
          const cached = await generation(await openCache(name), members);
          expectSameBytes(cached.bytes, plain.bytes);
          const again = await generation(await openCache(name), members);
          expectSameBytes(again.bytes, plain.bytes);
          expect(again.use.reusedBytes).toBe(again.use.bytes);
          expect(again.added.blocks.count).toBe(0);
        }
      }),
      { numRuns: RUNS },
    );
  });

  function existing(name: string): string[] {
    try {
      return entries(name);
    } catch {
      return [];
    }
  }

  function damageEntry(
    name: string,
    { entry, file, place, bit }: typeof damage extends fc.Arbitrary<infer T> ? T : never,
  ) {
    const all = existing(name);
    if (all.length === 0) return;
    const path = `${all[entry % all.length]}/${file}`;
    const bytes = readFileSync(path);
    bytes[place % bytes.length]! ^= 1 << bit;
    writeFileSync(path, bytes);
  }

  const base: Member[] = Array.from({ length: 12 }, (_, i) => ({
    name: `large-${String(i).padStart(2, "0")}`,
    content: text(i + 1, 5 * BLOCK),
  }));

  /** Compressed bytes of some files. */
  const compressed = async (members: readonly Member[]) =>
    (await writtenTo(at("alone"), { members, options, known: "none" })).use!.bytes;

  test("add only their new blocks, in three generations", async () => {
    const cache = await openCache("three");
    const first = await generation(cache, base);
    expect(bytesIn("three")).toBe(first.use.bytes);
    const changed = { name: "large-03", content: text(99, 5 * BLOCK) };
    const second = await generation(cache, base.with(3, changed));
    expect(second.added.bytes).toBe(await compressed([changed]));
    const added = { name: "new", content: text(98, 2 * BLOCK) };
    const third = await generation(cache, [...base.with(3, changed), added]);
    expect(third.added.bytes).toBe(await compressed([added]));
    expect(bytesIn("three")).toBe(first.use.bytes + second.added.bytes + third.added.bytes);
    expect(entries("three")).toHaveLength(3);
    // An image of before finds its blocks too.
    expect((await generation(cache, base)).added.blocks.count).toBe(0);
    expect(entries("three")).toHaveLength(3);
  });

  test("add the blocks of a removed entry again, and keep the others", async () => {
    const cache = await openCache("pruned");
    const first = await generation(cache, base.slice(0, 4));
    const [oldest = ""] = entries("pruned");
    await generation(cache, base);
    rmSync(oldest, { recursive: true });
    const again = await generation(cache, base);
    expect(again.added.bytes).toBe(first.use.bytes);
    expect(again.warnings).toEqual([]);
    expect(entries("pruned")).toHaveLength(2);
  });

  test("warn once of a damaged entry, remove it, and add all of its blocks that they use", async () => {
    const cache = await openCache("damaged");
    const first = await generation(cache, base.slice(0, 4));
    const [damaged = ""] = entries("damaged");
    const second = await generation(cache, base);
    const bytes = readFileSync(`${damaged}/artifact`);
    const [one, two] = [first.use.blocks.at(0), first.use.blocks.at(9)];
    const start = one.offset;
    for (const { offset } of [one, two]) bytes[offset - start + 20]! ^= 1;
    writeFileSync(`${damaged}/artifact`, bytes);
    const again = await generation(cache, base);
    expect(again.warnings).toEqual([
      `An entry in \`${at("damaged")}\` is damaged, so platter does not use it`,
    ]);
    expectSameBytes(again.bytes, second.bytes);
    expect(again.use.bytes - again.use.reusedBytes).toBe(one.length + two.length);
    expect(again.added.bytes).toBe(first.use.bytes);
    expect(bytesIn("damaged")).toBe(second.use.bytes);
    expect((await generation(cache, base)).warnings).toEqual([]);
  });

  test("leave contents of large and small files of all generations where they are found", async () => {
    const cache = await openCache("contents");
    const small = (i: number): Member => ({ name: `small-${i}`, content: text(200 + i, 700) });
    const [one, two] = [
      [base[0]!, small(1), small(2)],
      [base[1]!, small(3), small(4)],
    ];
    await generation(cache, one);
    await generation(cache, two);
    using known = new KnownFiles();
    for (const { file } of await cache.openBlocks([identity], { warn: () => undefined })) known.add(file);
    expect(known.files).toHaveLength(2);
    const contents = new KnownContents([known], { blockSize: BLOCK });
    const digest = (bytes: Uint8Array) => Bun.CryptoHasher.hash("sha256", bytes);
    for (const { content } of [...one, ...two]) {
      const bytes = Buffer.from(content as string, "latin1");
      const wanted = bytes.length > BLOCK ? bytes.subarray(0, BLOCK) : bytes;
      const found = contents.content(digest(wanted), wanted.length);
      expectSameBytes(Buffer.from(found ?? []), wanted);
    }
  });
});
