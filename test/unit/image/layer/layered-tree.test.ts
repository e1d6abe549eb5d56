import { afterAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { readAtSync } from "../../../../internal/bytes/chunk.ts";
import { OpenFile } from "../../../../internal/bytes/open-file.ts";
import { RangeStream } from "../../../../internal/bytes/range-stream.ts";
import { blobLayer, type Layer } from "../../../../internal/image/decompress/layer.ts";
import type { ImageTree, Inode } from "../../../../internal/image/image-tree.ts";
import { openLayeredTree } from "../../../../internal/image/layer/layered-tree.ts";
import { resolve } from "../../../../internal/image/resolve.ts";
import {
  contentOf,
  expectMemoryLayers,
  failureOf,
  memoryLayer,
  openFilesIn,
  source,
} from "../../../helpers/images/memory-layers.ts";
import { sha256 } from "../../../helpers/images/oci-maker.ts";
import { type Member, tar } from "../../../helpers/images/tar-maker.ts";
import { expectSameBytes } from "../../../helpers/same-bytes.ts";

const work = mkdtempSync(join(tmpdir(), "platter-layered-"));
afterAll(() => rmSync(work, { recursive: true }));
const openFiles = () => openFilesIn(work);

/** A layer that counts how often it is opened and how far it is read. */
function counted(members: readonly Member[]): Layer & { opened: number; read: number; ended: number } {
  const inner = memoryLayer(members, { piece: 4000 });
  const layer = {
    name: "counted",
    opened: 0,
    read: 0,
    ended: 0,
    verify: async () => undefined,
    decompress: async () => undefined,
    reopen: () => layer.open(),
    async *open() {
      layer.opened++;
      try {
        for await (const piece of inner.open()) {
          layer.read += piece.length;
          yield piece;
        }
      } finally {
        layer.ended++;
      }
    },
  };
  return layer;
}

interface Setup {
  layers: readonly Layer[];
  capture?: (path: string) => boolean;
  signal?: AbortSignal;
  memory?: number;
}

function open({
  layers,
  capture = () => false,
  signal = new AbortController().signal,
  memory,
}: Setup): Promise<ImageTree> {
  return openLayeredTree({ source, layers, dialect: "layer", work, capture, signal, memory });
}

function inodeAt(tree: ImageTree, path: string): Inode {
  const inode = resolve(tree.root, path)?.inode;
  if (inode === undefined) throw new Error(`no ${path}`);
  return inode;
}

const big = "kernel ".repeat(100_000);

describe("what is captured in the first pass needs no second one", () => {
  test("and a host file that holds it takes its place", async () => {
    const layer = counted([{ name: "boot/vmlinuz", content: big }]);
    await using tree = await open({ layers: [layer], capture: () => true });
    const inode = inodeAt(tree, "boot/vmlinuz");
    const copy = join(work, "copy");
    writeFileSync(copy, big.toUpperCase());
    tree.isSavedAt?.(inode, copy);
    expect(await contentOf(tree.read(inode))).toBe(big.toUpperCase());
    await using reader = await tree.sequentialReader([inode]);
    expect(await contentOf(reader.open(inode))).toBe(big.toUpperCase());
    expect(layer.opened).toBe(1);
    rmSync(copy);
  });

  test("a file that is being read stays open to its end, even if another host file takes its place", async () => {
    // More than is kept in memory, and read in several pieces.
    const huge = Buffer.alloc(40 * 1024 * 1024, "kernel ");
    await using tree = await open({
      layers: [counted([{ name: "vmlinuz", content: huge }])],
      capture: () => true,
    });
    const inode = inodeAt(tree, "vmlinuz");
    const copy = join(work, "copy");
    writeFileSync(copy, "the copy");
    const reading = tree.read(inode)[Symbol.asyncIterator]();
    const later = tree.read(inode);
    const read = [(await reading.next()).value!];
    tree.isSavedAt?.(inode, copy);
    for (let next = await reading.next(); next.done !== true; next = await reading.next())
      read.push(next.value);
    expect(read.length).toBeGreaterThan(2);
    expectSameBytes(Buffer.concat(read), huge);
    expect(await contentOf(later)).toBe("the copy");
    rmSync(copy);
  });

  test("files by their path, however large", async () => {
    const layer = counted([
      { name: "boot/vmlinuz", content: big },
      { name: "boot/small", content: "s" },
      { name: "other", content: "o" },
    ]);
    await using tree = await open({ layers: [layer], capture: (path) => path.startsWith("boot/") });
    expect(await contentOf(tree.read(inodeAt(tree, "boot/vmlinuz")))).toBe(big);
    expect(await contentOf(tree.read(inodeAt(tree, "boot/small")))).toBe("s");
    expect(await contentOf(tree.read(inodeAt(tree, "boot/small")))).toBe("s");
    expect(layer.opened).toBe(1);
    expect(await contentOf(tree.read(inodeAt(tree, "other")))).toBe("o");
    expect(layer.opened).toBe(2);
  });

  test("files that reach their path by a later hard link, as ostree's do, with one more pass for all of them", async () => {
    const objects = counted([
      { name: "repo/1", content: big },
      { name: "repo/2", content: "two" },
      { name: "repo/3", content: "three" },
      { name: "boot/vmlinuz", type: "1", link: "repo/1" },
      { name: "boot/config", type: "1", link: "repo/2" },
      { name: "end", content: "e".repeat(50_000) },
    ]);
    const plain = counted([{ name: "boot/extra", content: "x" }]);
    await using tree = await open({ layers: [objects, plain], capture: (path) => path.startsWith("boot/") });
    const opened = objects.opened;
    expect(opened).toBe(2);
    expect(await contentOf(tree.read(inodeAt(tree, "boot/vmlinuz")))).toBe(big);
    expect(await contentOf(tree.read(inodeAt(tree, "boot/config")))).toBe("two");
    expect([objects.opened, plain.opened]).toEqual([opened, 1]);
  });

  test("more than fits in memory, in a file that has no name", async () => {
    const names = ["a", "b", "c"];
    const layer = counted(names.map((name) => ({ name, content: Buffer.alloc(13 << 20, `${name}bcdefg`) })));
    const before = openFiles();
    {
      await using tree = await open({ layers: [layer], capture: () => true });
      expect(openFiles()).toBe(before + 1);
      expect(readdirSync(work)).toEqual([]);
      for (const name of ["c", "a", "b"]) {
        const found = Buffer.from(await contentOf(tree.read(inodeAt(tree, name))), "latin1");
        expectSameBytes(found, Buffer.alloc(13 << 20, `${name}bcdefg`));
      }
      expect(layer.opened).toBe(1);
    }
    expect(openFiles()).toBe(before);
  }, 30_000);
});

describe("the sequential reader", () => {
  const names = ["a", "b", "c", "d", "e"];
  const members = names.map((name) => ({ name, content: name.repeat(3000) }));

  test("reads a layer in canonical order once, no further than needed, and closes it then", async () => {
    const layer = counted([...members, { name: "unwanted", content: "u".repeat(100_000) }]);
    await using tree = await open({ layers: [layer] });
    layer.read = 0;
    const wanted = names.map((name) => inodeAt(tree, name));
    await using reader = await tree.sequentialReader(wanted);
    for (const [i, name] of names.entries()) {
      expect(await contentOf(reader.open(wanted[i] as Inode))).toBe(name.repeat(3000));
    }
    expect([layer.opened, layer.ended]).toEqual([2, 2]);
    expect(layer.read).toBeLessThan(30_000);
  });

  test("opens a layer only when something of it is asked for", async () => {
    const layers = [counted(members.slice(0, 2)), counted(members.slice(2))];
    await using tree = await open({ layers });
    await using reader = await tree.sequentialReader(names.map((name) => inodeAt(tree, name)));
    await contentOf(reader.open(inodeAt(tree, "a")));
    expect(layers.map((layer) => layer.opened)).toEqual([2, 1]);
  });

  test("takes what is captured from there, and empty files from nowhere", async () => {
    const layer = counted([...members, { name: "empty", content: "" }]);
    await using tree = await open({ layers: [layer], capture: (path) => path === "b" });
    await using reader = await tree.sequentialReader([inodeAt(tree, "b"), inodeAt(tree, "empty")]);
    expect(await contentOf(reader.open(inodeAt(tree, "b")))).toBe("b".repeat(3000));
    expect(await contentOf(reader.open(inodeAt(tree, "empty")))).toBe("");
    expect(layer.opened).toBe(1);
  });

  test("a consumer may stop in the middle of a content and go on with the next", async () => {
    await using tree = await open({ layers: [counted(members)] });
    await using reader = await tree.sequentialReader(names.map((name) => inodeAt(tree, name)));
    for await (const _ of reader.open(inodeAt(tree, "b"))) break;
    expect(await contentOf(reader.open(inodeAt(tree, "a")))).toBe("a".repeat(3000));
    expect(await contentOf(reader.open(inodeAt(tree, "d")))).toBe("d".repeat(3000));
  });

  test("what was not announced is a bug of the caller", async () => {
    await using tree = await open({ layers: [counted(members)] });
    await using reader = await tree.sequentialReader([inodeAt(tree, "a")]);
    expect(await failureOf(contentOf(reader.open(inodeAt(tree, "b"))))).toBeInstanceOf(TypeError);
  });
});

describe("layers from files", () => {
  const bytes = tar([
    { name: "a", content: big },
    { name: "b", content: "b" },
  ]);
  type Way = "read as a stream" | "decompressed first";
  const ways: readonly Way[] = ["read as a stream", "decompressed first"];
  const files = ways.flatMap((way): [string, Uint8Array, Way][] => [
    [`plain, ${way}`, bytes, way],
    [`gzip, ${way}`, gzipSync(bytes), way],
    [`zstd, ${way}`, zstdCompressSync(bytes), way],
  ]);

  function fileLayer(
    content: Uint8Array,
    more: { digest?: string; signal?: AbortSignal; diffId?: string; way?: Way } = {},
  ) {
    const path = join(work, "blob");
    writeFileSync(path, content);
    const signal = more.signal ?? new AbortController().signal;
    const hold = () => {
      const file = OpenFile.open(path);
      return { file, start: 0, length: file.size, [Symbol.dispose]: () => file[Symbol.dispose]() };
    };
    const blob = {
      ...(more.way === "decompressed first" ? { hold } : {}),
      name: "blob 1234",
      digest: more.diffId === undefined ? (more.digest ?? sha256(content)) : undefined,
      size: undefined,
      async *open() {
        using file = OpenFile.open(path);
        yield* new RangeStream(file.whole(), signal);
      },
    };
    return blobLayer(blob, { diffId: more.diffId });
  }

  test.each(files)("%s: contents in any order, whole and in parts", async (_, content, way) => {
    const layer = fileLayer(content, { digest: sha256(content), way });
    await using tree = await open({ layers: [layer], capture: (path) => path === "b" });
    const [a, b] = [inodeAt(tree, "a"), inodeAt(tree, "b")];
    await using reader = await tree.sequentialReader([b, a]);
    const target = new Uint8Array(1);
    if (reader.readSync?.(b, target) !== true) target.set(Buffer.from(await contentOf(reader.open(b))));
    expect(Buffer.from(target).toString()).toBe("b");
    for (const source of [reader, tree]) {
      using held = source.held?.(a);
      expect(held !== undefined).toBe(way === "decompressed first");
      if (held === undefined) continue;
      const { file, start, length } = held;
      const found = new Uint8Array(length);
      readAtSync(file, { target: found, at: start });
      expect(Buffer.from(found).toString("latin1")).toBe(big);
    }
    if (way !== "decompressed first") expect(await contentOf(reader.open(a))).toBe(big);
    expect(await contentOf(tree.read(a))).toBe(big);
    expect(await contentOf(tree.read(b))).toBe("b");
  });

  test.each(files)("%s: a content with holes", async (name, _, way) => {
    const sparse = readFileSync(sparseTar());
    const pack = { p: (plain: Buffer) => plain, g: gzipSync, z: zstdCompressSync }[
      name[0] as "p" | "g" | "z"
    ];
    await using tree = await open({ layers: [fileLayer(pack(sparse), { way })] });
    const inode = inodeAt(tree, "holes");
    const expected = Buffer.concat([Buffer.alloc(1 << 20), Buffer.from("end")]).toString("latin1");
    expect(await contentOf(tree.read(inode))).toBe(expected);
    await using reader = await tree.sequentialReader([inode]);
    expect(reader.held?.(inode)).toBeUndefined();
    expect(await contentOf(reader.open(inode))).toBe(expected);
  });

  /** An archive of GNU tar's with a file that begins with a hole. */
  function sparseTar(): string {
    const folder = mkdtempSync(join(tmpdir(), "platter-sparse-"));
    writeFileSync(join(folder, "holes"), "");
    truncateSync(join(folder, "holes"), 1 << 20);
    appendFileSync(join(folder, "holes"), "end");
    const path = join(work, "sparse.tar");
    expect(Bun.spawnSync(["tar", "-C", folder, "--sparse", "-cf", path, "holes"]).success).toBe(true);
    rmSync(folder, { recursive: true });
    return path;
  }

  test.each(files)("%s: no descriptor stays open, whatever is left unread", async (_, content, way) => {
    const before = openFiles();
    await expectMemoryLayers(0);
    {
      await using tree = await open({ layers: [fileLayer(content, { way })] });
      for await (const _piece of tree.read(inodeAt(tree, "a"))) break;
      expect(await contentOf(tree.read(inodeAt(tree, "b")))).toBe("b");
      const reader = await tree.sequentialReader([inodeAt(tree, "a"), inodeAt(tree, "b")]);
      for await (const _piece of reader.open(inodeAt(tree, "a"))) break;
      await reader[Symbol.asyncDispose]();
    }
    expect(openFiles()).toBe(before);
    await expectMemoryLayers(0);
  });

  test.each([
    ["that have their length", "gzip"],
    ["that turn out longer", "zstd"],
  ])("layers %s are merged once, whether there is memory for them or not: %s", async (_, compression) => {
    const content = "b".repeat(20 << 20);
    const upper = tar([
      { name: "link", type: "1", link: "kept", mtime: 7 },
      { name: "b", content },
      { name: "kernel", content: "kernel" },
    ]);
    const compressed = compression === "gzip" ? gzipSync(upper) : zstdCompressSync(upper);
    const seen = [];
    for (const memory of [1e9, 16 << 20, 0]) {
      const lower = counted([
        { name: "kept", content: "kept" },
        { name: "b", content: "lower" },
      ]);
      const layer = fileLayer(compressed, { digest: sha256(compressed), way: "decompressed first" });
      const layers = [lower, layer, layer];
      await expectMemoryLayers(0);
      await using tree = await open({ layers, memory, capture: (path) => path === "kernel" });
      const [kept, link, b] = ["kept", "link", "b"].map((path) => inodeAt(tree, path)) as [
        Inode,
        Inode,
        Inode,
      ];
      await expectMemoryLayers(memory === 1e9 ? 2 : 0);
      expect(lower.opened).toBe(1);
      expect(link).toBe(kept);
      expect(await contentOf(tree.read(kept))).toBe("kept");
      expect((await contentOf(tree.read(b))) === content).toBe(true);
      expect(await contentOf(tree.read(inodeAt(tree, "kernel")))).toBe("kernel");
      seen.push([[...(tree.root.children?.keys() ?? [])], kept.links, kept.mtime, b.size]);
    }
    expect(seen[1]).toEqual(seen[0]!);
    expect(seen[2]).toEqual(seen[0]!);
    expect(seen[0]?.[1]).toBe(2);
  });

  test.each(files)("%s: a wrong digest is found in the first pass", async (_, content, way) => {
    const layer = fileLayer(content, { digest: `sha256:${"1".repeat(64)}`, way });
    const before = openFiles();
    expect(await failureOf(open({ layers: [layer] }))).toMatchObject({ code: "E_BLOB_DIGEST" });
    expect(openFiles()).toBe(before);
  });

  test.each(files)("%s: what is read again is not checked again", async (_, content) => {
    const layer = fileLayer(content, { digest: `sha256:${"1".repeat(64)}` });
    expect(await failureOf(contentOf(layer.open()))).toMatchObject({ code: "E_BLOB_DIGEST" });
    expect(await contentOf(layer.reopen())).toBe(bytes.toString("latin1"));
  });

  test("the event loop has its turns while a plain layer is read", async () => {
    const path = join(work, "blob");
    writeFileSync(path, "");
    truncateSync(path, 64 * 1024 * 1024);
    using file = OpenFile.open(path);
    let turns = 0;
    let next = setImmediate(function turn() {
      turns++;
      next = setImmediate(turn);
    });
    let length = 0;
    for await (const piece of new RangeStream(file.whole(), new AbortController().signal)) {
      length += piece.length;
    }
    clearImmediate(next);
    expect(length).toBe(file.size);
    expect(turns).toBeGreaterThanOrEqual(length / (8 * 1024 * 1024));
  });

  test.each(files)("%s: damage that shows as nonsense first is named as damage", async (_, content, way) => {
    const damaged = Buffer.from(content);
    damaged.fill(0x39, 140, 160);
    for (const expectation of [{ digest: sha256(content) }, { diffId: sha256(bytes) }]) {
      const failure = await failureOf(open({ layers: [fileLayer(damaged, { ...expectation, way })] }));
      expect(["E_BLOB_DIGEST", "E_BLOB_CORRUPT"]).toContain((failure as { code: string }).code);
      expect(String(failure)).toContain("blob 1234");
    }
  });

  test.each(
    files,
  )("%s: the digest of the plain tar is checked where the blob has none", async (_, content, way) => {
    await using tree = await open({ layers: [fileLayer(content, { diffId: sha256(bytes), way })] });
    expect(await contentOf(tree.read(inodeAt(tree, "b")))).toBe("b");
    const wrong = fileLayer(content, { diffId: sha256(Buffer.from("other")), way });
    expect(await failureOf(open({ layers: [wrong] }))).toMatchObject({ code: "E_BLOB_DIGEST" });
  });

  test("a layer that changes between the passes is found out", async () => {
    await using tree = await open({ layers: [fileLayer(bytes)] });
    await using reader = await tree.sequentialReader([inodeAt(tree, "b")]);
    writeFileSync(join(work, "blob"), tar([{ name: "a", content: "short" }]));
    expect(await failureOf(contentOf(reader.open(inodeAt(tree, "b"))))).toMatchObject({
      code: "E_BLOB_DIGEST",
    });
  });

  test("a file that becomes shorter while it is read is the machine's fault", async () => {
    const path = join(work, "shrinking");
    writeFileSync(path, Buffer.alloc(2_000_000));
    using file = OpenFile.open(path);
    const range = new RangeStream(file.whole(), new AbortController().signal);
    await range.next();
    truncateSync(path, 300_000);
    expect(await failureOf(contentOf(range))).toMatchObject({ code: "E_FILE_SHRANK", kind: "machine" });
  });

  test.each(files)("%s: an abort stops it immediately, and closes everything", async (_, content, way) => {
    const before = openFiles();
    const controller = new AbortController();
    const { signal } = controller;
    const layer = fileLayer(Buffer.concat([content]), { signal, way });
    const tree = await open({ layers: [layer], signal });
    controller.abort();
    await using reader = await tree.sequentialReader([inodeAt(tree, "a")]);
    expect(await failureOf(contentOf(reader.open(inodeAt(tree, "a"))))).toMatchObject({
      code: "E_INTERRUPTED",
    });
    expect(await failureOf(contentOf(tree.read(inodeAt(tree, "a"))))).toMatchObject({
      code: "E_INTERRUPTED",
      kind: "interrupted",
    });
    expect(await failureOf(open({ layers: [layer], signal }))).toMatchObject({ code: "E_INTERRUPTED" });
    await tree[Symbol.asyncDispose]();
    expect(openFiles()).toBe(before);
  });

  test("a directory, a FIFO or nothing instead of a file", () => {
    expect(() => OpenFile.open(work)).toThrow(expect.objectContaining({ code: "E_FILE_KIND" }));
    expect(() => OpenFile.open(join(work, "missing"))).toThrow(
      expect.objectContaining({ code: "E_FILE_OPEN", message: expect.stringContaining("no such file") }),
    );
    Bun.spawnSync(["mkfifo", join(work, "fifo")]);
    expect(() => OpenFile.open(join(work, "fifo"))).toThrow(expect.objectContaining({ code: "E_FILE_KIND" }));
  });
});
