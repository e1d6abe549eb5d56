import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { InitramfsProblem } from "../../../internal/initramfs/problem.ts";
import { type InitramfsOptions, initramfsMembers } from "../../../internal/initramfs/read.ts";
import { liveFiles, newc, padded } from "../../helpers/cpio.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

const options: InitramfsOptions = {
  wants: (name) => name.endsWith(".txt"),
  signal: new AbortController().signal,
};

interface Read {
  names: string[];
  texts: string[];
  problem: string | undefined;
}

/** All that is read, and how it ended. */
async function read(
  bytes: Uint8Array,
  size = bytes.length || 1,
  more: Partial<InitramfsOptions> = {},
): Promise<Read> {
  const all: Read = { names: [], texts: [], problem: undefined };
  try {
    for await (const { name, content } of initramfsMembers(inPieces(bytes, size), { ...options, ...more })) {
      all.names.push(name);
      if (content !== undefined) all.texts.push(Buffer.from(content).toString("latin1"));
    }
  } catch (error) {
    if (!(error instanceof InitramfsProblem)) throw error;
    all.problem = `${error.kind}: ${error.message}`;
  }
  return all;
}

const early = newc(["kernel/x86/microcode/GenuineIntel.bin"]);
const main = newc([
  { name: "./init", content: "#!/bin/sh\n" },
  { name: "/etc/a.txt", content: "text" },
]);
const late = newc([{ name: "late.txt", content: "more" }]);
const ALL = ["kernel/x86/microcode/GenuineIntel.bin", "init", "etc/a.txt", "late.txt"];

/** lz4's legacy format, everything as literals; the lengths are those of the format. */
function lz4Literals(bytes: Uint8Array): Buffer {
  const more = bytes.length - 15;
  const length = [0xf0, ...Array<number>(Math.floor(more / 255)).fill(255), more % 255];
  const block = Buffer.concat([Buffer.from(length), bytes]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), size, block]);
}

/** gzip with all that a header may have (RFC 1952, section 2.3). */
function gzipWithFields(bytes: Uint8Array): Buffer {
  const plain = gzipSync(bytes);
  plain[3] = 0b11110;
  const fields = Buffer.from("\x03\0abcname\0comment\0\x12\x34", "latin1");
  return Buffer.concat([plain.subarray(0, 10), fields, plain.subarray(10)]);
}

describe("an initramfs", () => {
  test.each([
    ["plain", main],
    ["gzip", gzipSync(main)],
    ["gzip with all header fields", gzipWithFields(main)],
    ["zstd", zstdCompressSync(main)],
    ["lz4", lz4Literals(main)],
  ])("with early microcode, then %s, then another archive: every part, in pieces of any size", async (_, packed) => {
    // lz4's legacy format ends at a zero, and an archive begins at a multiple of four.
    const bytes = Buffer.concat([padded(early, 512), padded(packed), Buffer.alloc(8), late]);
    for (const size of [1, 7, 4096, bytes.length]) {
      expect(await read(bytes, size)).toEqual({ names: ALL, texts: ["text", "more"], problem: undefined });
    }
  });

  test("compressed parts follow each other without a gap", async () => {
    const bytes = Buffer.concat([zstdCompressSync(early), gzipSync(main), zstdCompressSync(late)]);
    for (const size of [1, 5, bytes.length]) expect((await read(bytes, size)).names).toEqual(ALL);
  });

  test("a compressed part may hold several archives with zeros between", async () => {
    const bytes = gzipSync(
      Buffer.concat([padded(early, 512), main, Buffer.alloc(2048), late, Buffer.alloc(100)]),
    );
    expect(await read(bytes)).toEqual({ names: ALL, texts: ["text", "more"], problem: undefined });
  });

  test("without a trailer, and with checksums", async () => {
    const bytes = newc([{ name: "a", magic: "070702" }, "b"], "without");
    expect(await read(bytes)).toEqual({ names: ["a", "b"], texts: [], problem: undefined });
  });

  test("zeros after a name are not part of it; a name too long for the kernel is skipped", async () => {
    const names = ["aligned\0\0\0\0\0\0\0\0", "x".repeat(4096), "after"];
    expect(await read(newc(names))).toMatchObject({ names: ["aligned", "after"], problem: undefined });
  });

  test("nothing, and nothing but zeros", async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(3), Buffer.alloc(5000)]) {
      expect(await read(bytes, 100)).toEqual({ names: [], texts: [], problem: undefined });
    }
  });

  test("a large file is passed over", async () => {
    const large = { name: "large", content: Buffer.alloc(5_000_000, 1) };
    for (const bytes of [newc([large, "after"]), gzipSync(newc([large, "after"]))]) {
      expect((await read(bytes, 60_000)).names).toEqual(["large", "after"]);
    }
  });

  test("an error of the input is that error", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield gzipSync(main).subarray(0, 20);
      throw new Error("disk");
    }
    const reading = Array.fromAsync(initramfsMembers(failing(), options));
    await expect(reading).rejects.toThrow("disk");
  });

  test("it is not read on when the run is called off", async () => {
    const signal = AbortSignal.abort();
    const reading = Array.fromAsync(initramfsMembers(inPieces(main, 100), { ...options, signal }));
    await expect(reading).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  });
});

const afterEarly = (bytes: Buffer) => Buffer.concat([early, bytes]);
const at = early.length;
const damaged = (bytes: Buffer, place: number) => {
  const copy = Buffer.from(bytes);
  copy[place]! ^= 0xff;
  return copy;
};

describe("what no kernel unpacks", () => {
  const packed = gzipSync(main);
  test.each<[string, Buffer, string]>([
    ["text", Buffer.from("an initramfs"), "something unknown at byte 0, beginning with 61 6e 20 69 6e 69"],
    ["text after an archive", afterEarly(Buffer.from("GARBAGE")), `something unknown at byte ${at}`],
    [
      "an archive out of line",
      Buffer.concat([early, Buffer.alloc(2), main]),
      `at byte ${at + 2}, not a multiple`,
    ],
    [
      "the old portable format",
      Buffer.from(`070707${"0".repeat(200)}`),
      "no cpio header of format newc at byte 0",
    ],
    [
      "an invalid number",
      newc([{ name: "a", magic: "070701zz" }]),
      "no cpio header of format newc at byte 0",
    ],
    ["half a header", afterEarly(main.subarray(0, 50)), `ends within the header of the member at byte ${at}`],
    ["half a name", afterEarly(main.subarray(0, 112)), `ends within the name of the member at byte ${at}`],
    ["half a file", afterEarly(main.subarray(0, 124)), `ends within the file of the member at byte ${at}`],
    [
      "half of gzip",
      afterEarly(packed.subarray(0, 60)),
      `ends within the gzip data that begins at byte ${at}`,
    ],
    [
      "half of zstd",
      zstdCompressSync(main).subarray(0, 60),
      "ends within the zstd data that begins at byte 0",
    ],
    [
      "gzip without its end",
      packed.subarray(0, -4),
      "gzip data at byte 0 that does not have its own checksum",
    ],
    [
      "a wrong checksum",
      damaged(packed, packed.length - 6),
      "gzip data at byte 0 that does not have its own checksum",
    ],
    [
      "damaged gzip",
      Buffer.concat([packed.subarray(0, 10), Buffer.from([7]), packed.subarray(10)]),
      "gzip data at byte 0 that cannot be decompressed",
    ],
    ["half of zstd's magic", Buffer.from([0x28, 0xb5, 1, 2, 3, 4, 5]), "no zstd data at byte 0"],
    ["text in gzip", gzipSync("text"), "data that is not an archive in the gzip data at byte 0"],
    [
      "half a file in gzip",
      gzipSync(main.subarray(0, 124)),
      "the member at byte 0 of the gzip data, decompressed",
    ],
    ["lz4's frame format", Buffer.from("04224d18", "hex"), "lz4's frame format at byte 0"],
    [
      "a large lz4 block",
      Buffer.from("02214c18ffffff7f", "hex"),
      "an lz4 block of 2147483647 bytes at byte 4",
    ],
    ["half an lz4 block", lz4Literals(main).subarray(0, 60), "ends within the lz4 block at byte 4"],
    ["a damaged lz4 block", Buffer.from("02214c1804000000ff000000", "hex"), "a damaged lz4 block at byte 4"],
    [
      "xz with CRC64",
      Buffer.from("fd377a585a000004e6d6b446", "hex"),
      "xz at byte 0, with a check that the kernel does not",
    ],
  ])("%s", async (_, bytes, says) => {
    for (const size of [1, 1000]) {
      const { problem } = await read(bytes, size);
      expect(problem).toStartWith("broken: ");
      expect(problem).toContain(says);
    }
  });
});

describe("what is not looked into", () => {
  test.each([
    ["bzip2", Buffer.from("BZh91AY&SY")],
    ["lzma", Buffer.from([0x5d, 0, 0, 0x80, 0, 0xff])],
    ["lzo", Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d])],
  ])("%s", async (format, bytes) => {
    expect((await read(afterEarly(bytes))).problem).toBe(
      `closed: is compressed with ${format} at byte ${at}`,
    );
  });

  test("more than there can be", async () => {
    const limits = { segments: 2, members: 3, decompressed: 1000 };
    const three = Buffer.concat([gzipSync(late), gzipSync(late), gzipSync(late)]);
    expect(await read(three, 100, { limits: { ...limits, members: 9 } })).toMatchObject({
      problem: "closed: has more than 2 parts",
    });
    // A trailer counts as one.
    expect(await read(newc(["a", "b", "c"]), 100, { limits })).toMatchObject({
      names: ["a", "b", "c"],
      problem: "closed: has more than 3 files",
    });
    const zeros = newc([{ name: "zeros", content: Buffer.alloc(50_000_000) }]);
    for (const bytes of [gzipSync(zeros), zstdCompressSync(zeros)]) {
      expect((await read(bytes, 100, { limits })).problem).toBe(
        "closed: has more than 1000 bytes when decompressed",
      );
    }
  });
});

describe("whatever the bytes are", () => {
  const live = newc(liveFiles("6.1"));
  const samples = [live, gzipSync(live), zstdCompressSync(live), lz4Literals(live)].map(afterEarly);

  test("it is read to an end, cut off anywhere", async () => {
    for (const bytes of samples) {
      for (let end = 0; end < bytes.length; end += 37) await read(bytes.subarray(0, end), 1024);
      expect((await read(bytes)).problem).toBeUndefined();
    }
  });

  test("it is read to an end, with any bytes changed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 5000 }),
        async (sample, changes, size) => {
          const bytes = Buffer.from(sample);
          for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
          const { problem } = await read(bytes, size);
          expect(problem ?? "broken: ").toMatch(/^(?:broken|closed): /);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("it is read to an end, with any bytes after a magic number", async () => {
    const magics = [
      "",
      "070701",
      "1f8b08",
      "28b52ffd",
      "02214c18",
      "fd377a585a00",
      "425a68",
      "5d0000",
      "894c",
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 600 }), async (magic, rest) => {
        const { problem } = await read(Buffer.concat([Buffer.from(magic, "hex"), rest]), 64);
        expect(problem ?? "broken: ").toMatch(/^(?:broken|closed): /);
      }),
      { numRuns: 500 },
    );
  });
});
