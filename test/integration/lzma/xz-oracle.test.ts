/** The decompressors for xz and bzip2 against the real programs: the same bytes, or a clear error. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { DataProblem } from "../../../internal/base/data-problem.ts";
import { ByteCursor } from "../../../internal/bytes/byte-cursor.ts";
import { bzip2Streams } from "../../../internal/bzip2/bzip2.ts";
import { xzStreams } from "../../../internal/lzma/xz.ts";

type Tool = "xz" | "bzip2";
const DECODERS = { xz: xzStreams, bzip2: bzip2Streams };

function run(argv: readonly string[], input: Uint8Array): { code: number; output: Buffer } {
  const done = Bun.spawnSync([...argv], { stdin: input, stderr: "pipe" });
  return { code: done.exitCode, output: Buffer.from(done.stdout) };
}

function packed(argv: readonly string[], input: Uint8Array): Buffer {
  const { code, output } = run(argv, input);
  if (code !== 0) throw new Error(`${argv.join(" ")} failed with ${code}`);
  return output;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** The content's digest and length, or why it cannot be read. */
async function ours(tool: Tool, bytes: Uint8Array, size = 65_536): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of DECODERS[tool](new ByteCursor(inPieces(bytes, size)))) hash.update(chunk);
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof DataProblem) return `it ${error.message}`;
    throw error;
  }
}

/** Random numbers from a seed, the same on every machine. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Content of different kinds: a program, noise, runs, repetitions at all distances. */
function content(seed: number, length: number): Buffer {
  const next = random(seed);
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const size = Math.min(length - at, 1 + next(1 << next(17)));
    const kind = next(4);
    if (kind === 0) for (let i = 0; i < size; i++) bytes[at + i] = next(256);
    else if (kind === 1) bytes.fill(next(256), at, at + size);
    else if (kind === 2)
      for (let i = 0; i < size; i++) bytes[at + i] = next(3) === 0 ? 0xe8 + next(2) : next(2) * 0xff;
    else if (at > 0) {
      const from = at - 1 - next(at);
      for (let i = 0; i < size; i++) bytes[at + i] = bytes[from + i]!;
    }
    at += size;
  }
  return bytes;
}

const PROGRAM = Buffer.from(await Bun.file("/usr/bin/xz").arrayBuffer());

describe("xz", () => {
  test.each(
    Array.from({ length: 20 }, (_, i) => `-${i % 10}${i < 10 ? "" : "e"}`),
  )("preset %s: the same bytes", async (preset) => {
    for (const input of [content(1, 3_000_000), PROGRAM, Buffer.alloc(0), Buffer.from("x")])
      expect(await ours("xz", packed(["xz", "-c", preset], input))).toBe(sha256(input));
  });

  test.each([
    "--check=none",
    "--check=crc32",
    "--check=crc64",
    "--check=sha256",
    "--block-size=100000",
    "-T2 --block-size=65536",
    "--x86 --lzma2=preset=6",
    "--x86=start=4096 --lzma2=preset=0",
    "--lzma2=dict=4KiB",
    "--lzma2=preset=6,lc=0,lp=4,pb=0",
    "--lzma2=preset=6,lc=4,lp=0,pb=4",
    "--lzma2=preset=6,lc=1,lp=2,pb=3,nice=5,mf=hc3",
    "--check=crc32 --lzma2=dict=1MiB",
  ])("%s: the same bytes, in pieces of any size", async (options) => {
    const argv = ["xz", "-c", ...options.split(" ")];
    for (const input of [content(2, 700_000), PROGRAM]) {
      const bytes = packed(argv, input);
      for (const size of [7, 4096, 1 << 20]) expect(await ours("xz", bytes, size)).toBe(sha256(input));
    }
  });

  test("more than the window holds: 40 MB with a dictionary of 1 MiB", async () => {
    const input = content(3, 40_000_000);
    expect(await ours("xz", packed(["xz", "-c", "-1"], input))).toBe(sha256(input));
  });

  test("several streams, with padding between them", async () => {
    const [first, second] = [content(4, 100_000), content(5, 200_000)];
    const streams = [packed(["xz", "-c", "-9"], first), packed(["xz", "-c", "-0", "--check=sha256"], second)];
    const all = sha256(Buffer.concat([first, second]));
    expect(await ours("xz", Buffer.concat(streams))).toBe(all);
    const zeros = (length: number) => Buffer.alloc(length);
    expect(await ours("xz", Buffer.concat([streams[0]!, zeros(8), streams[1]!, zeros(4096)]))).toBe(all);
    expect(await ours("xz", Buffer.concat([streams[0]!, zeros(7), streams[1]!]))).toBe(
      "it does not begin as xz data does",
    );
    expect(await ours("xz", Buffer.concat([...streams, Buffer.from("more")]))).toBe("it ends too early");
  });

  test.each([
    ["--arm --lzma2", "it is compressed with the filters 0x7, 0x21, and platter reads LZMA2 and x86"],
    [
      "--delta=dist=4 --lzma2",
      "it is compressed with the filters 0x3, 0x21, and platter reads LZMA2 and x86",
    ],
    [
      "--lzma2=preset=0,dict=256MiB",
      "it needs a dictionary of 268435456 bytes, and platter takes at most 134217728",
    ],
  ])("%s is refused with the reason", async (options, says) => {
    expect(await ours("xz", packed(["xz", "-c", ...options.split(" ")], PROGRAM))).toBe(says);
  });
});

describe("bzip2", () => {
  test.each(["-1", "-2", "-9"])("level %s: the same bytes, in pieces of any size", async (level) => {
    for (const input of [
      content(6, 2_500_000),
      PROGRAM,
      Buffer.alloc(0),
      Buffer.from("x"),
      Buffer.alloc(3_000_000),
    ]) {
      const bytes = packed(["bzip2", "-c", level], input);
      for (const size of [999, 1 << 20]) expect(await ours("bzip2", bytes, size)).toBe(sha256(input));
    }
  });

  test("several streams", async () => {
    const [first, second] = [content(7, 100_000), content(8, 200_000)];
    const streams = Buffer.concat([packed(["bzip2", "-c"], first), packed(["bzip2", "-c", "-1"], second)]);
    expect(await ours("bzip2", streams)).toBe(sha256(Buffer.concat([first, second])));
  });

  test("content that begins with counts of equal bytes", async () => {
    for (let length = 1; length < 600; length += 7) {
      const input = Buffer.concat([Buffer.alloc(length, 1), Buffer.alloc(length + 3, 2), Buffer.from([1])]);
      expect(await ours("bzip2", packed(["bzip2", "-c"], input))).toBe(sha256(input));
    }
  });
});

describe("damage", () => {
  const sources: [Tool, string[]][] = [
    ["xz", ["xz", "-c", "-1", "--check=crc32", "--block-size=8000"]],
    ["xz", ["xz", "-c", "-6", "--check=sha256"]],
    ["xz", ["xz", "-c", "--x86", "--lzma2=preset=1"]],
    ["bzip2", ["bzip2", "-c", "-1"]],
  ];

  test.each(sources)("%s by %j, cut off anywhere: a reason", async (tool, argv) => {
    const bytes = packed(argv, content(9, 30_000));
    const next = random(1);
    for (let i = 0; i < 150; i++) {
      const at = i < 40 ? i : next(bytes.length);
      expect(await ours(tool, bytes.subarray(0, at))).toStartWith("it ");
    }
  });

  test.each(
    sources,
  )("%s by %j, with changed bits: what the real program gives, or a reason", async (tool, argv) => {
    const input = content(10, 30_000);
    const bytes = packed(argv, input);
    const next = random(2);
    for (let i = 0; i < 250; i++) {
      const bad = Buffer.from(bytes);
      for (let flips = 1 + next(3); flips > 0; flips--) {
        // The first and the last bytes are headers, and deserve more.
        const at = i % 3 === 0 ? next(40) : i % 3 === 1 ? bad.length - 1 - next(40) : next(bad.length);
        bad[at]! ^= 1 << next(8);
      }
      const found = await ours(tool, bad);
      if (found.startsWith("it ")) continue;
      // What is accepted is what the real program accepts, and gives.
      expect(run([tool, "-dc"], bad).code).toBe(0);
      expect(found).toBe(sha256(run([tool, "-dc"], bad).output));
    }
  });

  test.each(sources)("%s by %j: what the real program accepts is accepted", async (tool, argv) => {
    const next = random(3);
    for (let i = 0; i < 40; i++) {
      const input = content(100 + i, 1 + next(60_000));
      expect(await ours(tool, packed(argv, input), 1 + next(5000))).toBe(sha256(input));
    }
  });
});
