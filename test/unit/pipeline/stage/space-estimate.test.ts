import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WalkOptions } from "../../../../internal/image/entry-walk.ts";
import { openDirectory } from "../../../../internal/image/source/directory.ts";
import { spaceNeeds } from "../../../../internal/pipeline/stage/space-check.ts";
import { estimateSpace } from "../../../../internal/pipeline/stage/space-estimate.ts";
import type { RootfsType } from "../../../../internal/rootfs/rootfs-type.ts";
import type { Compression } from "../../../../internal/squashfs/blocks/compression.ts";
import { plan } from "../../../helpers/plan.ts";

const MIB = 1024 * 1024;

describe("estimateSpace", () => {
  const everything = (options: WalkOptions) => options;

  const estimateOf = async (
    compression: Compression,
    options: { layerBytes?: number; payload?: number; type?: RootfsType } = {},
  ) => {
    const { layerBytes, payload, type = "squashfs" } = options;
    const folder = mkdtempSync(join(tmpdir(), "platter-estimate-"));
    try {
      mkdirSync(`${folder}/boot/efi`, { recursive: true });
      for (const [name, size] of [
        ["system", 10 * MIB],
        ["disk", 100 * MIB],
        ["boot/efi/left-out", 50 * MIB],
      ] as const) {
        writeFileSync(`${folder}/${name}`, "");
        truncateSync(`${folder}/${name}`, size);
      }
      await using tree = await openDirectory(folder, { signal: new AbortController().signal });
      if (layerBytes !== undefined) tree.source.layerBytes = layerBytes;
      if (payload !== undefined) {
        mkdirSync(`${folder}/storage`);
        writeFileSync(`${folder}/storage/layer`, "");
        truncateSync(`${folder}/storage/layer`, payload);
      }
      await using whole = await openDirectory(folder, { signal: new AbortController().signal });
      return estimateSpace(plan(), { image: tree, tree: whole, walk: everything }, { type, compression });
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test("counts what goes in, and no single large file for what is least", async () => {
    const { content, rootfs } = await estimateOf("zstd");
    expect(content).toBe(110 * MIB);
    expect(rootfs.least).toBe(1 * MIB);
    expect(rootfs.most).toBeGreaterThan(0.7 * 110 * MIB);
    expect(rootfs.most).toBeLessThan(0.71 * 110 * MIB);
  });

  test("goes by the compressor", async () => {
    const most = async (name: Compression) => (await estimateOf(name)).rootfs.most;
    expect(await most("none")).toBeGreaterThanOrEqual(110 * MIB);
    expect(await most("lz4")).toBeGreaterThan(await most("xz"));
  });

  test("goes by the layers where they are compressed", async () => {
    const { rootfs } = await estimateOf("zstd", { layerBytes: MIB });
    expect(rootfs.least).toBe(Math.floor(0.4 * MIB));
    expect(rootfs.most).toBeLessThan(1.2 * MIB);
    expect((await estimateOf("none", { layerBytes: MIB })).rootfs.most).toBeGreaterThanOrEqual(110 * MIB);
  });

  test("includes the space that mkfs.erofs takes besides its output", async () => {
    expect((await estimateOf("zstd", { type: "erofs" })).temporary).toBe(110 * MIB);
    expect((await estimateOf("zstd")).temporary).toBe(0);
  });

  test("adds the payloads, of which the image's layers say nothing", async () => {
    const without = await estimateOf("zstd", { layerBytes: MIB });
    const { content, rootfs } = await estimateOf("zstd", { layerBytes: MIB, payload: 20 * MIB });
    expect(content - without.content).toBe(20 * MIB);
    expect(rootfs.least - without.rootfs.least).toBe(2 * MIB);
    expect(rootfs.most - without.rootfs.most).toBeGreaterThanOrEqual(0.7 * 20 * MIB);
  });
});

describe("spaceNeeds", () => {
  const estimate = {
    content: 0,
    rootfs: { least: 10, most: 100 },
    temporary: 0,
    esp: 5,
    iso: { least: 12, most: 130 },
  };
  const [oneDisk, ownDisks] = [{ diskOf: () => 1 }, { diskOf: (folder: string) => folder.length }];
  const place = { work: "/work", output: "/out/x.iso", cache: undefined, ...oneDisk };
  const use = { ...place, rootfs: "artifact", copies: "take-space" } as const;

  test("a root file system that stays and the ISO need space of their own", () => {
    const [need, ...others] = spaceNeeds(estimate, use);
    expect(need).toMatchObject({ folder: "/out", bytes: { least: 22, most: 235 } });
    expect(others).toEqual([]);
  });

  test("a copy that may share blocks is not certain to need space", () => {
    const [need] = spaceNeeds(estimate, { ...use, copies: "share-blocks" });
    expect(need?.bytes).toEqual({ least: 12, most: 235 });
  });

  test("a root file system that is written into the ISO needs no other space", () => {
    for (const disks of [oneDisk, ownDisks]) {
      const needs = spaceNeeds(estimate, { ...use, rootfs: "in-iso", ...disks });
      expect(needs).toEqual([{ folder: "/out", bytes: { least: 12, most: 130 }, what: "the ISO" }]);
    }
  });

  test("each on its own disk", () => {
    const needs = spaceNeeds(estimate, { ...use, ...ownDisks });
    expect(needs.map(({ folder, bytes }) => [folder, bytes.most])).toEqual([
      ["/work", 105],
      ["/out", 130],
    ]);
  });

  test("what is there for a while counts where it is more than what comes after", () => {
    const withTemporary = { ...estimate, temporary: 200 };
    const [need] = spaceNeeds(withTemporary, use);
    expect(need?.bytes).toEqual({ least: 210, most: 305 });
    const [work, output] = spaceNeeds(withTemporary, { ...use, ...ownDisks });
    expect([work?.bytes.most, output?.bytes.most]).toEqual([305, 130]);
  });

  test("new blocks for the cache are not certain, and are at most as many as it has room for", () => {
    const cache = { path: "/the/cache", limit: 1000 };
    const inIso = { ...use, rootfs: "in-iso" } as const;
    expect(spaceNeeds(estimate, { ...inIso, cache })).toEqual([
      { folder: "/out", bytes: { least: 12, most: 230 }, what: "the ISO and a new entry of the cache" },
    ]);
    expect(spaceNeeds(estimate, { ...inIso, ...ownDisks, cache: { ...cache, limit: 30 } })).toEqual([
      { folder: "/out", bytes: { least: 12, most: 130 }, what: "the ISO" },
      { folder: "/the/cache", bytes: { least: 0, most: 30 }, what: "a new entry of the cache" },
    ]);
    const [need] = spaceNeeds(estimate, { ...use, cache });
    expect(need?.bytes).toEqual({ least: 22, most: 335 });
  });

  test("without an ISO", () => {
    expect(spaceNeeds(estimate, { ...use, output: undefined })).toMatchObject([{ folder: "/work" }]);
  });
});
