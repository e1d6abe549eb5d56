import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Threads } from "../../../../internal/base/threads.ts";
import type { OpenedFile } from "../../../../internal/bytes/byte-range.ts";
import { readAtSync } from "../../../../internal/bytes/chunk.ts";
import { OpenFile } from "../../../../internal/bytes/open-file.ts";
import { parseDigest, storedBlob } from "../../../../internal/image/decompress/blob.ts";
import {
  LayerDecompressor,
  type PlainLayer,
} from "../../../../internal/image/decompress/layer-decompressor.ts";
import { type LayerJob, type Limits, runLayerJob } from "../../../../internal/image/decompress/layer-job.ts";
import { cgroupLimit, memoryForLayers } from "../../../../internal/image/decompress/memory-budget.ts";
import { storedLayer } from "../../../../internal/image/decompress/stored-layer.ts";
import { openMemoryFile } from "../../../../internal/os/memory-file.ts";
import { expectMemoryLayers, failureOf, openMemoryLayers } from "../../../helpers/images/memory-layers.ts";
import { sha256 } from "../../../helpers/images/oci-maker.ts";
import { expectSameBytes } from "../../../helpers/same-bytes.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-decompress-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const text = Buffer.from(Array.from({ length: 200_000 }, (_, i) => `line ${i * 7919}\n`).join(""));
const half = text.length >> 1;
const hex = (bytes: Uint8Array) => sha256(bytes).slice("sha256:".length);

let made = 0;
const opened: OpenFile[] = [];
afterEach(() => {
  for (const file of opened.splice(0)) file[Symbol.dispose]();
});

/** An open file with other bytes before and after the bytes in question. */
function stored(bytes: Uint8Array) {
  const path = join(scratch, `file-${made++}`);
  writeFileSync(path, Buffer.concat([Buffer.from("before"), bytes, Buffer.from("after")]));
  const file = OpenFile.open(path);
  opened.push(file);
  return { file, start: "before".length, length: bytes.length };
}

function memoryFile(): OpenFile {
  const fd = openMemoryFile("test");
  expect(fd).toBeGreaterThan(0);
  const file = OpenFile.of(fd, "test");
  opened.push(file);
  return file;
}

function limits(left = 1e9): Limits {
  return {
    left: new BigInt64Array(new SharedArrayBuffer(8)).fill(BigInt(left)),
    stopped: new Int32Array(new SharedArrayBuffer(4)),
    read: new BigInt64Array(new SharedArrayBuffer(8)),
  };
}

function read(file: OpenedFile, { start = 0, length }: { start?: number; length: number }): Buffer {
  const bytes = Buffer.alloc(length);
  readAtSync(file, { target: bytes, at: start });
  return bytes;
}

function jobOf(bytes: Uint8Array, compression: "gzip" | "zstd", target: OpenFile) {
  const { file, start, length } = stored(bytes);
  const source = { fd: file.fd, start, length };
  return {
    action: "decompress",
    progress: "counts",
    source,
    compression,
    target: target.fd,
    algorithm: undefined,
  } as const;
}

describe("a layer is decompressed into a file", () => {
  const forms: [string, "gzip" | "zstd", Uint8Array][] = [
    ["gzip", "gzip", gzipSync(text)],
    [
      "gzip in two members",
      "gzip",
      Buffer.concat([text.subarray(0, half), text.subarray(half)].map((part) => gzipSync(part))),
    ],
    ["zstd", "zstd", zstdCompressSync(text)],
    [
      "zstd in two frames",
      "zstd",
      Buffer.concat([text.subarray(0, half), text.subarray(half)].map((part) => zstdCompressSync(part))),
    ],
  ];

  test.each(forms)("%s", async (_, compression, bytes) => {
    const target = memoryFile();
    const shared = limits();
    const job: LayerJob = { ...jobOf(bytes, compression, target), algorithm: "sha256" };
    expect(await runLayerJob(job, shared)).toEqual({ length: text.length, digest: hex(text) });
    expectSameBytes(read(target, text), text);
    expect(shared.left[0]).toBe(BigInt(1e9 - text.length));
  });

  test.each(
    forms,
  )("%s: not with less memory than it needs, which is left as it was", async (_, compression, bytes) => {
    const shared = limits(text.length - 1);
    expect(await runLayerJob(jobOf(bytes, compression, memoryFile()), shared)).toBeUndefined();
    expect(shared.left[0]).toBe(BigInt(text.length - 1));
    const enough = limits(text.length);
    expect(await runLayerJob(jobOf(bytes, compression, memoryFile()), enough)).toMatchObject({
      length: text.length,
    });
  });

  const damages: [string, (bytes: Buffer) => Uint8Array][] = [
    ["cut off", (bytes) => bytes.subarray(0, -1)],
    ["cut off in the middle", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["followed by something else", (bytes) => Buffer.concat([bytes, Buffer.from("something else")])],
    [
      "with a byte flipped",
      (bytes) =>
        Buffer.from(bytes).fill(
          ~(bytes[bytes.length >> 1] as number),
          bytes.length >> 1,
          (bytes.length >> 1) + 1,
        ),
    ],
  ];

  test.each(
    damages.flatMap(([what, damage]) =>
      forms.map(([name, ...form]) => [name, what, damage, ...form] as const),
    ),
  )("not where it is damaged: %s %s", async (name, what, damage, compression, bytes) => {
    // Without a checksum of its own, a zstd frame may hide a flipped byte.
    if (what === "with a byte flipped" && name.startsWith("zstd")) return;
    const shared = limits();
    expect(
      await runLayerJob(jobOf(damage(Buffer.from(bytes)), compression, memoryFile()), shared),
    ).toBeUndefined();
    expect(shared.left[0]).toBe(BigInt(1e9));
  });

  /** A job that computes only the digest of the text. */
  function digestJob() {
    const { file, ...part } = stored(text);
    const source = { ...part, fd: file.fd };
    return { action: "digest", progress: "counts", source, algorithm: "sha256" } as const;
  }

  test("not where nobody wants it any more", async () => {
    const shared = limits();
    shared.stopped[0] = 1;
    expect(await runLayerJob(jobOf(gzipSync(text), "gzip", memoryFile()), shared)).toBeUndefined();
    expect(await runLayerJob(digestJob(), shared)).toBeUndefined();
  });

  test("or only its digest is computed", async () => {
    expect(await runLayerJob(digestJob(), limits(0))).toEqual({ length: text.length, digest: hex(text) });
  });
});

describe("what is known of a layer before it is read", () => {
  const signal = new AbortController().signal;
  const layerOf = (bytes: Uint8Array, options: { size?: number; digest?: string } = {}) =>
    storedLayer(storedBlob(stored(bytes), { name: "layer", signal, ...options }), undefined);

  test("its compression and its probable length", () => {
    expect(layerOf(text)).toMatchObject({ compression: "none", likelyLength: text.length });
    expect(layerOf(gzipSync(text))).toMatchObject({ compression: "gzip", likelyLength: text.length });
    const zstd = zstdCompressSync(text);
    expect(layerOf(zstd)).toMatchObject({ compression: "zstd", likelyLength: zstd.length * 3 });
    expect(layerOf(Buffer.alloc(0))).toMatchObject({ compression: "none", likelyLength: 0 });
    // The last member has only its own length.
    const members = Buffer.concat([gzipSync(text), gzipSync(Buffer.from("end"))]);
    expect(layerOf(members)).toMatchObject({ compression: "gzip", likelyLength: members.length * 3 });
  });

  test("is undefined for a format, a size or a digest that does not allow it", () => {
    expect(layerOf(Buffer.from("fd377a585a0000", "hex"))).toBeUndefined();
    expect(layerOf(text, { size: text.length + 1 })).toBeUndefined();
    expect(layerOf(text, { digest: "md5:0123" })).toBeUndefined();
    const missing = { name: "layer", digest: undefined, size: undefined, async *open() {} };
    expect(storedLayer(missing, undefined)).toBeUndefined();
    const hold = () => {
      throw new Error("it is not there");
    };
    expect(storedLayer({ ...missing, hold }, undefined)).toBeUndefined();
  });
});

describe("layers on threads", () => {
  const signal = new AbortController().signal;
  const layerOf = (bytes: Uint8Array, expected: { digest?: string; diffId?: string } = {}) => {
    const blob = storedBlob(stored(bytes), { name: "layer", signal, digest: expected.digest });
    return storedLayer(blob, expected.diffId === undefined ? undefined : parseDigest(expected.diffId))!;
  };
  const contentOf = (layer: PlainLayer | undefined) => layer && read(layer.file, layer).toString("latin1");

  test("more than there are processors, each with its own content", async () => {
    const contents = Array.from({ length: 40 }, (_, i) => Buffer.from(`layer ${i} `.repeat(5000 + i)));
    await using decompressor = new LayerDecompressor({ memory: 1e9, signal });
    const layers = await Promise.all(
      contents.map((content, i) => {
        const bytes = [content, gzipSync(content), zstdCompressSync(content)][i % 3] as Uint8Array;
        return decompressor.decompress(layerOf(bytes, { digest: sha256(bytes) }));
      }),
    );
    for (const [i, layer] of layers.entries()) {
      expect(contentOf(layer) === contents[i]!.toString("latin1")).toBe(true);
      expect(await layer!.isRight).toBe(true);
      layer![Symbol.dispose]();
    }
  });

  test("a wrong digest of the stored bytes is reported next to them", async () => {
    await using decompressor = new LayerDecompressor({ memory: 1e9, signal });
    for (const bytes of [text, gzipSync(text), zstdCompressSync(text)]) {
      const wrong = await decompressor.decompress(layerOf(bytes, { digest: sha256(Buffer.from("other")) }));
      expect(await wrong!.isRight).toBe(false);
      const right = await decompressor.decompress(layerOf(bytes, { digest: sha256(bytes) }));
      expect(await right!.isRight).toBe(true);
      const unknown = await decompressor.decompress(layerOf(bytes));
      expect(await unknown!.isRight).toBe(true);
      for (const layer of [wrong, right, unknown]) layer![Symbol.dispose]();
    }
  });

  test("the digest of the plain tar counts, whether the other is known or not", async () => {
    await using decompressor = new LayerDecompressor({ memory: 1e9, signal });
    const wrong = sha256(Buffer.from("other"));
    for (const bytes of [gzipSync(text), zstdCompressSync(text)]) {
      using right = (await decompressor.decompress(layerOf(bytes, { diffId: sha256(text) })))!;
      expect(contentOf(right) === text.toString("latin1")).toBe(true);
      expect(await decompressor.decompress(layerOf(bytes, { diffId: wrong }))).toBeUndefined();
      expect(
        await decompressor.decompress(layerOf(bytes, { diffId: wrong, digest: sha256(bytes) })),
      ).toBeUndefined();
      using known = (await decompressor.decompress(
        layerOf(bytes, { diffId: sha256(text), digest: sha256(bytes) }),
      ))!;
      expect(await known.isRight).toBe(true);
    }
    expect(await (await decompressor.decompress(layerOf(text, { diffId: sha256(text) })))!.isRight).toBe(
      true,
    );
    expect(await (await decompressor.decompress(layerOf(text, { diffId: wrong })))!.isRight).toBe(false);
  });

  test("onRead: the stored bytes of each layer count once, and all of them at the end", async () => {
    const reports: [done: number, total: number][] = [];
    const onRead = (done: number, total: number) => reports.push([done, total]);
    const packed = gzipSync(text);
    const decompressor = new LayerDecompressor({ memory: 1e9, signal, onRead });
    for (const [bytes, diffId] of [
      [packed, sha256(text)],
      [text, sha256(Buffer.from("other"))],
    ] as const) {
      const layer = await decompressor.decompress(layerOf(bytes, { digest: sha256(bytes), diffId }));
      await layer!.isRight;
      layer![Symbol.dispose]();
    }
    await decompressor[Symbol.asyncDispose]();
    const total = packed.length + text.length;
    expect(reports.at(-1)).toEqual([total, total]);
  });

  test("as many as there is memory for, the first ones first", async () => {
    const bytes = gzipSync(text);
    await using decompressor = new LayerDecompressor({ memory: text.length * 2.5, signal });
    const layers = await Promise.all(
      [bytes, bytes, bytes, text].map((each) => decompressor.decompress(layerOf(each))),
    );
    expect(layers.map((layer) => layer?.length)).toEqual([text.length, text.length, undefined, text.length]);
    for (const layer of layers) layer?.[Symbol.dispose]();
  });

  test("a layer that turns out longer than was likely takes no more than there is", async () => {
    const zeros = zstdCompressSync(Buffer.alloc(32 << 20));
    await using decompressor = new LayerDecompressor({ memory: 16 << 20, signal });
    await expectMemoryLayers(0);
    const plain = decompressor.decompress(layerOf(zeros));
    expect(openMemoryLayers()).toBe(1);
    expect(await plain).toBeUndefined();
    await expectMemoryLayers(0);
  });

  test("are given up when all is called off, and leave no file open", async () => {
    const controller = new AbortController();
    const blank = gzipSync(Buffer.alloc(256 << 20), { level: 1 });
    await expectMemoryLayers(0);
    const decompressor = new LayerDecompressor({ memory: 1e9, signal: controller.signal });
    const decompressing = decompressor.decompress(layerOf(blank));
    expect(openMemoryLayers()).toBe(1);
    controller.abort();
    expect(await decompressing).toBeUndefined();
    await decompressor[Symbol.asyncDispose]();
    await expectMemoryLayers(0);
  });

  test("threads that ended are replaced, and who waited for one is answered", async () => {
    using threads = new Threads<unknown, unknown>("image/decompress/layer-thread", { ahead: 1 });
    const nonsense = Array.from({ length: 2 * availableParallelism() }, () =>
      failureOf(threads.ask(undefined)),
    );
    const { file, ...part } = stored(text);
    const job = {
      action: "digest",
      progress: "counts",
      source: { ...part, fd: file.fd },
      algorithm: "sha256",
    };
    const answer = threads.ask({ job, limits: limits() });
    for (const failure of await Promise.all(nonsense)) expect(failure).toMatchObject({ code: "E_THREAD" });
    expect(await answer).toMatchObject({ digest: hex(text) });
  });
});

describe("how much memory layers may take", () => {
  let roots = 0;
  function root(files: Record<string, string>): string {
    const folder = join(scratch, `root-${roots++}`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    return folder;
  }

  test.each<[string, Record<string, string>, number]>([
    ["no control group is mounted", {}, Number.POSITIVE_INFINITY],
    [
      "the group has no limit",
      { "proc/self/cgroup": "0::/user\n", "sys/fs/cgroup/user/memory.max": "max\n" },
      Number.POSITIVE_INFINITY,
    ],
    ["of the group", { "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/memory.max": "1000\n" }, 1000],
    [
      "of a group above it",
      {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/b/memory.max": "3000\n",
        "sys/fs/cgroup/a/memory.max": "2000\n",
      },
      2000,
    ],
    ["of a container's own", { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "4000\n" }, 4000],
    [
      "of the first version",
      {
        "proc/self/cgroup": "5:cpu:/x\n8:memory:/box\n0::/\n",
        "sys/fs/cgroup/memory/box/memory.limit_in_bytes": "5000\n",
      },
      5000,
    ],
    [
      "of the first version, in a container that sees the host's path",
      {
        "proc/self/cgroup": "8:hugetlb,memory:/docker/1\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "6000\n",
      },
      6000,
    ],
  ])("a limit: %s", (_, files, limit) => {
    expect(cgroupLimit(root(files))).toBe(limit);
  });

  test("a quarter of what is free here, at most", () => {
    const available =
      Number(/^MemAvailable: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))![1]) * 1024;
    expect(memoryForLayers()).toBeGreaterThan(0);
    expect(memoryForLayers()).toBeLessThan(available * 0.3);
  });
});
