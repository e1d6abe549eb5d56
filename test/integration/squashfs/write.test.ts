/** The squashfs that platter writes: Linux and unsquashfs are the judges. Needs root and loop devices. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import fc from "fast-check";
import { memorySource } from "../../../internal/files/byte-source.ts";
import type { ImageTree } from "../../../internal/image/image-tree.ts";
import { openImage } from "../../../internal/image/open/open-image.ts";
import { openDirectory } from "../../../internal/image/source/directory.ts";
import { runTool } from "../../../internal/process/run.ts";
import type { RootfsOptions } from "../../../internal/rootfs/rootfs-options.ts";
import { Compressors, type PackAnswer } from "../../../internal/squashfs/blocks/compressors.ts";
import { type SquashfsRun, writeSquashfs } from "../../../internal/squashfs/write.ts";
import type { SquashfsSuperblock } from "../../../internal/verify/squashfs-facts.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { type Listing, listDirectory, listTree } from "../../helpers/images/listing.ts";
import { failureOf, openLayers } from "../../helpers/images/memory-layers.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { sparse } from "../../helpers/images/tar-maker.ts";
import { tortureLayers } from "../../helpers/images/torture.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(600_000);

const KIB = 1024;
const TIME = 1_700_000_000;
const zstd = { type: "squashfs", compression: "zstd", level: 3, blockSize: 256 * KIB } as const;
const small: RootfsOptions = { ...zstd, blockSize: 4 * KIB };
const everything = { include: () => true };

let scene: Scene;
beforeAll(() => {
  scene = new Scene("squashfs-write");
  const maker = new OciMaker(scene.at("torture"));
  maker.add(maker.image(tortureLayers(), { compression: "zstd" }), "torture");
});
afterAll(() => scene[Symbol.dispose]());

function openTorture(): Promise<ImageTree> {
  const signal = new AbortController().signal;
  const options = { work: scene.folder("open"), signal, capture: () => false, runTool };
  return openImage(`oci:${scene.at("torture")}`, options);
}

const { signal } = new AbortController();

const openFolder = (path: string) => openDirectory(path, { signal });

/** Writes a new file that is the squashfs. */
async function writeFileOf(tree: ImageTree, output: string, run: SquashfsRun): Promise<void> {
  const fd = openSync(output, "wx");
  try {
    const length = await writeSquashfs(tree, { fd, offset: 0 }, run);
    expect(statSync(output).size).toBe(length);
  } finally {
    closeSync(fd);
  }
}

async function write(tree: ImageTree, name: string, options: RootfsOptions): Promise<string> {
  const output = scene.at(name);
  rmSync(output, { force: true });
  const seen: number[] = [];
  const onBytes = (sum: number) => void seen.push(sum);
  await writeFileOf(tree, output, { walk: everything, options, time: TIME, signal, onBytes });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  return output;
}

function mounted<T>(image: string, look: (point: string) => T): T {
  const point = scene.folder("mounted");
  scene.mount(point, "-t", "squashfs", "-o", "loop,ro", image);
  try {
    return look(point);
  } finally {
    Bun.spawnSync([hostProgram("umount"), point]);
  }
}

/** unsquashfs reads every block, and says what it does not understand. */
function unpacks(image: string): void {
  const folder = scene.folder("unpacked");
  const ran = Bun.spawnSync(["unsquashfs", "-f", "-q", "-n", "-strict-errors", "-d", folder, image]);
  expect({ code: ran.exitCode, said: ran.stderr.toString() }).toEqual({ code: 0, said: "" });
  rmSync(folder, { recursive: true });
}

async function superblock(image: string): Promise<SquashfsSuperblock> {
  const { value, problems } = await readSquashfs(memorySource(readFileSync(image)));
  expect(problems).toEqual([]);
  return value!;
}

/** As squashfs can hold it: times from 1970 to 2106, and labels of layers only if the caller asks for them. */
async function expected(tree: ImageTree): Promise<Listing> {
  const listing = await listTree(tree);
  for (const entry of Object.values(listing)) {
    entry.mtime = Math.min(Math.max(entry.mtime, 0), 0xffffffff);
    for (const name of Object.keys(entry.xattrs)) if (name.startsWith("layer.")) delete entry.xattrs[name];
  }
  return listing;
}

/** Writes the folder, and compares what Linux and unsquashfs see with the folder itself. */
async function isTheFolder(folder: string, options: RootfsOptions): Promise<SquashfsSuperblock> {
  await using tree = await openFolder(folder);
  const image = await write(tree, "image", options);
  expect(mounted(image, listDirectory)).toEqual(listDirectory(folder));
  unpacks(image);
  return superblock(image);
}

describe("files of a terabyte that are holes", () => {
  const TB = 10 ** 12;
  /** A file's last bytes, as Linux reads them. */
  const ending = (path: string) => {
    const fd = openSync(path, "r");
    const bytes = Buffer.alloc(8);
    readSync(fd, bytes, 0, 8, TB - 8);
    closeSync(fd);
    return bytes.toString("latin1");
  };

  test("need no room, in any order, and the same content is stored once", async () => {
    // Out of order: one waits in the spool.
    const members = [
      sparse("b", TB),
      sparse("a", TB),
      { name: "c", content: Buffer.alloc(3 * 2 ** 20, "c") },
    ];
    await using tree = await openLayers([members]);
    const image = await write(tree, "image", zstd);
    expect(statSync(image).size).toBeLessThan(256 * KIB);
    mounted(image, (point) => {
      for (const name of ["a", "b"]) {
        expect(statSync(`${point}/${name}`).size).toBe(TB);
        expect(ending(`${point}/${name}`)).toBe("\0\0\0\0tail");
      }
      expect(readFileSync(`${point}/c`, "latin1") === "c".repeat(3 * 2 ** 20)).toBe(true);
    });
  });
});

test("files of a terabyte in a folder that are holes need no room either", async () => {
  const TB = 10 ** 12;
  const folder = scene.folder("terabytes");
  for (const name of ["a", "b", "hole"]) {
    const fd = openSync(`${folder}/${name}`, "w");
    if (name !== "hole") for (const at of [5 * KIB, TB / 2, TB - 8]) writeSync(fd, `${at}`.slice(0, 8), at);
    ftruncateSync(fd, TB);
    closeSync(fd);
  }
  await using tree = await openFolder(folder);
  const image = await write(tree, "image", zstd);
  expect(statSync(image).size).toBeLessThan(256 * KIB);
  mounted(image, (point) => {
    expect(statSync(`${point}/hole`).blocks).toBe(0);
    for (const name of ["a", "b"]) {
      expect(statSync(`${point}/${name}`).size).toBe(TB);
      const fd = openSync(`${point}/${name}`, "r");
      for (const at of [5 * KIB, TB / 2, TB - 8]) {
        const bytes = Buffer.alloc(`${at}`.slice(0, 8).length);
        readSync(fd, bytes, 0, bytes.length, at);
        expect(bytes.toString("latin1")).toBe(`${at}`.slice(0, 8));
      }
      closeSync(fd);
    }
  });
});

describe("everything that is hard about an image", () => {
  test.each([
    { ...zstd, level: 9 },
    { ...zstd, level: 15, blockSize: 4 * KIB },
    { ...zstd, level: 22, blockSize: 1024 * KIB },
    { ...zstd, level: 1, blockSize: 8 * KIB },
    { ...zstd, compression: "gzip", level: null },
    { ...zstd, compression: "gzip", level: 1, blockSize: 4 * KIB },
    { ...zstd, compression: "none", level: null },
    { ...small, compression: "none", level: null },
  ] as const)("$compression, level $level, blocks of $blockSize", async (options) => {
    await using tree = await openTorture();
    const image = await write(tree, "image", options);
    expect(mounted(image, listDirectory)).toEqual(await expected(tree));
    if (options.blockSize === 256 * KIB) unpacks(image);
    const compressor = options.compression === "zstd" ? "zstd" : "gzip";
    const { blockSize } = options;
    expect(await superblock(image)).toMatchObject({ compressor, blockSize, mkfsTime: TIME, hasXattrs: true });
    expect(statSync(image).size % 4096).toBe(0);
    const again = await write(tree, "again", options);
    expectSameBytes(readFileSync(again), readFileSync(image));
  });

  test("unsquashfs reads the compressor's level", async () => {
    await using tree = await openLayers([[{ name: "file", content: "x" }]]);
    for (const [options, says] of [
      [{ ...zstd, level: 7 }, /^Compression zstd\n\tcompression-level 7$/m],
      [{ ...zstd, level: 15 }, /^Compression zstd\nBlock size/m],
      [{ ...zstd, compression: "gzip", level: 3 }, /^Compression gzip\n\tcompression-level 3$/m],
    ] as const) {
      const ran = Bun.spawnSync(["unsquashfs", "-s", await write(tree, "image", options)]);
      expect(ran.stdout.toString()).toMatch(says);
    }
  });

  test("an image of nothing but the root", async () => {
    await using tree = await openLayers([[]]);
    const image = await write(tree, "image", zstd);
    const listing = mounted(image, listDirectory);
    expect(Object.keys(listing)).toEqual([""]);
    expect(listing).toEqual(await expected(tree));
    expect(await superblock(image)).toMatchObject({ inodes: 1, fragments: 0, hasXattrs: false });
  });
});

describe("contents", () => {
  const BLOCK = small.blockSize;

  test("of every length around a block's, that compress, do not, and are zeros", async () => {
    const folder = scene.folder("lengths");
    let seed = 0;
    for (const length of [0, 1, 511, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 5 * BLOCK + 7]) {
      writeFileSync(`${folder}/noise-${length}`, seededNoise(length, ++seed));
      writeFileSync(`${folder}/text-${length}`, `${++seed} `.repeat(length).slice(0, length));
      writeFileSync(`${folder}/zeros-${length}`, new Uint8Array(length));
    }
    const options = [small, { ...small, compression: "none", level: null } as const, zstd];
    for (const each of options) await isTheFolder(folder, each);
  });

  test("with holes at the beginning, within, at the end, and nothing else", async () => {
    const folder = scene.folder("holes");
    const block = (kind: string, seed: number) =>
      kind === "." ? new Uint8Array(BLOCK) : seededNoise(BLOCK, seed);
    for (const pattern of ["x.", ".x", "..x..x..", "x..x", "....", ".", "xx.xx"]) {
      const content = [...pattern].map((kind, i) => block(kind, i + pattern.length));
      writeFileSync(`${folder}/${pattern}-whole`, Buffer.concat(content));
      writeFileSync(`${folder}/${pattern}-more`, Buffer.concat([...content, new Uint8Array(100)]));
      writeFileSync(`${folder}/${pattern}-less`, Buffer.concat(content).subarray(0, -100));
    }
    await isTheFolder(folder, small);
    const blocks = mounted(scene.at("image"), (point) => statSync(`${point}/....-whole`).blocks);
    expect(blocks).toBe(0);
  });

  test("of several gigabytes, mostly zeros", async () => {
    const folder = scene.folder("huge");
    const fd = openSync(`${folder}/file`, "w");
    writeSync(fd, "first");
    writeSync(fd, "beyond 4 GiB", 2 ** 32 + 12_345);
    ftruncateSync(fd, 2 ** 32 + 20 * 1024 * KIB);
    closeSync(fd);
    await using tree = await openFolder(folder);
    const image = await write(tree, "image", { ...zstd, blockSize: 1024 * KIB });
    expect(statSync(image).size).toBeLessThan(100 * KIB);
    mounted(image, (point) => {
      expect(statSync(`${point}/file`).size).toBe(2 ** 32 + 20 * 1024 * KIB);
      const file = openSync(`${point}/file`, "r");
      for (const [at, text] of [
        [0, "first\0\0"],
        [2 ** 31, "\0\0"],
        [2 ** 32 + 12_344, "\0beyond 4 GiB\0"],
      ] as const) {
        const bytes = Buffer.alloc(text.length);
        readSync(file, bytes, 0, text.length, at);
        expect(bytes.toString("latin1")).toBe(text);
      }
      closeSync(file);
    });
  });

  test("that are the same are there once, small ones and large ones, from whatever source", async () => {
    const contents = [
      seededNoise(1000, 1),
      seededNoise(3 * BLOCK, 2),
      seededNoise(2 * BLOCK + 5, 3),
      new Uint8Array(4 * BLOCK),
    ];
    // As long as others, and not the same.
    const others = [seededNoise(1000, 4), seededNoise(3 * BLOCK, 5), seededNoise(2 * BLOCK + 5, 6)];
    const folder = scene.folder("same");
    const members = [];
    for (const [i, content] of [...contents, ...others, ...contents, ...others, ...contents].entries()) {
      writeFileSync(`${folder}/${String(i).padStart(2, "0")}`, content);
      const latin1 = Buffer.from(content).toString("latin1");
      members.push({ name: String(i).padStart(2, "0"), content: latin1 });
    }
    const { bytesUsed } = await isTheFolder(folder, small);
    const unique = [...contents.slice(0, 3), ...others].reduce((sum, { length }) => sum + length, 0);
    expect(bytesUsed).toBeGreaterThan(unique);
    expect(bytesUsed).toBeLessThan(unique + 2000);
    await using layers = await openLayers([members], { piece: 777 });
    const image = await write(layers, "layers", small);
    expect(await expected(layers)).toEqual(mounted(image, listDirectory));
    expect((await superblock(image)).bytesUsed).toBeWithin(unique, unique + 2000);
  });

  test.each([
    "folder",
    "layers",
  ])("that were written before are not compressed again, from %s", async (source) => {
    const folder = scene.folder(`again-${source}`);
    // More blocks than can be on their way between a content and its copy.
    const fillers = 8 * availableParallelism();
    const contents = [seededNoise(3 * BLOCK + 5, 1), seededNoise((fillers + 1) * BLOCK, 2)];
    const members = [...contents, contents[0]!].map((content, i) => {
      writeFileSync(`${folder}/${i}`, content);
      return { name: String(i), content: Buffer.from(content).toString("latin1") };
    });
    await using tree = await (source === "folder"
      ? openFolder(folder)
      : openLayers([members], { piece: 777 }));
    using packing = spyOn(Compressors.prototype, "pack");
    await write(tree, "image", small);
    const blocks = await Promise.all(packing.mock.results.map(({ value }) => value as Promise<PackAnswer>));
    const found = blocks.flatMap((block, i) =>
      "foundIn" in block && block.foundIn !== undefined ? [i] : [],
    );
    expect(found).toEqual([0, 1, 2, 3].map((i) => fillers + 5 + i));
  });

  test("any files, from a folder and from layers", async () => {
    const length = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: BLOCK - 2, max: BLOCK + 2 }),
      fc.integer({ min: 0, max: 5 * BLOCK }),
    );
    const file = fc.record({
      name: fc.stringMatching(/^[a-z]{1,3}(\/[a-z]{1,3}){0,2}$/),
      length,
      kind: fc.constantFrom("noise", "text", "zeros"),
      seed: fc.integer({ min: 1, max: 3 }),
      link: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(file, { maxLength: 40 }), async (files) => {
        const members = files.flatMap(({ name, length, kind, seed, link }) => {
          const path = name
            .split("/")
            .map((part, i, all) => (i === all.length - 1 ? `${part}.f` : part))
            .join("/");
          const bytes =
            kind === "noise"
              ? seededNoise(length, seed)
              : Buffer.alloc(length, kind === "zeros" ? "\0" : `text ${seed}`);
          const content = Buffer.from(bytes).toString("latin1");
          const first = { name: path, content, mtime: 1_600_000_000 };
          return link
            ? [first, { name: `${path}.link`, type: "1" as const, link: path, mtime: 1_600_000_000 }]
            : [first];
        });
        await using tree = await openLayers([members], { piece: 3000 });
        const image = await write(tree, "any", small);
        const folder = scene.folder("any-folder");
        const listing = mounted(image, (point) => {
          Bun.spawnSync(["cp", "-a", `${point}/.`, folder]);
          return listDirectory(point);
        });
        expect(listing).toEqual(await expected(tree));
        await using copy = await openFolder(folder);
        const again = await write(copy, "any-again", small);
        expectSameBytes(readFileSync(again), readFileSync(image));
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 40 },
    );
  });
});

describe("names", () => {
  test("more than a header can count, and than a number can count, in folders that need an index", async () => {
    const folder = scene.folder("many");
    // The inodes of the names after `b` have numbers that are far from those before it.
    for (const name of ["a", "b", "c"]) mkdirSync(`${folder}/${name}`);
    for (let i = 0; i < 40_000; i++) writeFileSync(`${folder}/b/${"long-name-".repeat(i % 20)}${i}`, "");
    for (let i = 0; i < 600; i++) mkdirSync(`${folder}/c/${i}`);
    writeFileSync(`${folder}/z`, "last");
    await using tree = await openFolder(folder);
    const image = await write(tree, "image", zstd);
    mounted(image, (point) => {
      expect(readFileSync(`${point}/z`, "latin1")).toBe("last");
      const ran = Bun.spawnSync(["diff", "-r", "--no-dereference", folder, point]);
      expect(ran.stdout.toString() + ran.stderr.toString()).toBe("");
      // Looked up by name, each by way of the index.
      for (let i = 0; i < 40_000; i += 97) statSync(`${point}/b/${"long-name-".repeat(i % 20)}${i}`);
      expect(() => statSync(`${point}/b/not-there`)).toThrow("ENOENT");
      expect(statSync(`${point}/c`).nlink).toBe(602);
      expect(statSync(`${point}/b`).nlink).toBe(2);
    });
    await superblock(image);
  });

  test("links count the names that are there", async () => {
    const link = (name: string) => ({ name, type: "1" as const, link: "one" });
    await using tree = await openLayers([[{ name: "one", content: "x" }, link("two"), link("three")]]);
    const output = scene.at("image");
    rmSync(output, { force: true });
    const walk = { include: (_: unknown, path: string) => path !== "one" };
    await writeFileOf(tree, output, { walk, options: zstd, time: TIME, signal, onBytes: () => undefined });
    mounted(output, (point) => {
      const { nlink, ino } = statSync(`${point}/two`);
      expect({ nlink, ino }).toEqual({ nlink: 2, ino: statSync(`${point}/three`).ino });
      expect(readFileSync(`${point}/three`, "latin1")).toBe("x");
    });
  });

  test("as many owners as fit, and one more", async () => {
    const members = Array.from({ length: 0xffff }, (_, i) => ({ name: `${i}`, uid: i, gid: 0 }));
    await using full = await openLayers([members]);
    const image = await write(full, "image", zstd);
    expect((await superblock(image)).ids).toBe(0xffff);
    expect(mounted(image, (point) => statSync(`${point}/65534`).uid)).toBe(65_534);
    await using more = await openLayers([[...members, { name: "x", uid: 0xffff, gid: 0 }]]);
    const failure = await failureOf(write(more, "image", zstd));
    expect(failure).toMatchObject({ code: "E_TOO_MANY_OWNERS", kind: "contract" });
  });
});

describe("what goes wrong on the way", () => {
  test("a file that became shorter", async () => {
    const folder = scene.folder("shorter");
    writeFileSync(`${folder}/a`, seededNoise(50 * KIB, 1));
    writeFileSync(`${folder}/b`, seededNoise(50 * KIB, 2));
    await using tree = await openFolder(folder);
    writeFileSync(`${folder}/b`, "short");
    expect(await failureOf(write(tree, "image", small))).toMatchObject({ code: "E_FILE_SHRANK" });
    expect(await failureOf(write(tree, "image", zstd))).toMatchObject({ code: "E_FILE_SHRANK" });
  });

  test.each([
    ["while blocks are compressed", (i: number) => seededNoise(2000 * KIB, i), zstd],
    ["while there is nothing to compress", () => new Uint8Array(2000 * KIB), zstd],
    [
      "while they are stored as they are",
      (i: number) => seededNoise(2000 * KIB, i),
      { ...zstd, compression: "none", level: null },
    ],
  ] as const)("an interruption %s", async (_, content, options) => {
    rmSync(scene.at("interrupted"), { recursive: true, force: true });
    const folder = scene.folder("interrupted");
    for (let i = 0; i < 20; i++) writeFileSync(`${folder}/${i}`, content(i));
    const controller = new AbortController();
    await using tree = await openFolder(folder);
    const output = scene.at("interruption");
    rmSync(output, { force: true });
    let sum = 0;
    const onBytes = (bytes: number) => {
      sum = bytes;
      // As a signal would: not within the call, but when the event loop has its turn.
      if (sum > 4000 * KIB) setImmediate(() => controller.abort());
    };
    const ran = writeFileOf(tree, output, {
      walk: everything,
      options,
      time: TIME,
      signal: controller.signal,
      onBytes,
    });
    expect(await failureOf(ran)).toMatchObject({ code: "E_INTERRUPTED" });
    expect(sum).toBeLessThan(20 * 2000 * KIB);
  });

  test("an interruption among small files that are all the same", async () => {
    const folder = scene.folder("same-small");
    for (let i = 0; i < 3000; i++) writeFileSync(`${folder}/${i}`, "the same");
    const controller = new AbortController();
    await using tree = await openDirectory(folder, { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect(await failureOf(write(tree, "image", zstd))).toMatchObject({ code: "E_INTERRUPTED" });
  });
});
