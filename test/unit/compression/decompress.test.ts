import { describe, expect, test } from "bun:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { decompressed } from "../../../internal/compression/decompress.ts";
import { ZstdFrames } from "../../../internal/compression/zstd-frames.ts";
import { checkedBytes, parseDigest, readBlob } from "../../../internal/image/decompress/blob.ts";
import { expectDamageNamed } from "../../helpers/damaged-stream.ts";
import { contentOf, failureOf, pieces } from "../../helpers/images/memory-layers.ts";
import { sha256 } from "../../helpers/images/oci-maker.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

const text = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
const bytes = Buffer.from(text);
const half = bytes.length >> 1;
const skippable = Buffer.from([0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

const forms: [string, () => Uint8Array][] = [
  ["plain", () => bytes],
  ["gzip", () => gzipSync(bytes)],
  [
    "gzip in two members",
    () => Buffer.concat([gzipSync(bytes.subarray(0, half)), gzipSync(bytes.subarray(half))]),
  ],
  ["zstd", () => zstdCompressSync(bytes)],
  [
    "zstd in two frames, with a frame to be skipped first and last",
    () =>
      Buffer.concat([
        skippable,
        zstdCompressSync(bytes.subarray(0, half)),
        zstdCompressSync(bytes.subarray(half)),
        skippable,
      ]),
  ],
];

describe("streams are decompressed by their first bytes", () => {
  test.each(forms)("%s", async (_, make) => {
    const packed = make();
    for (const size of [3, 4096, 1 << 20]) {
      if (size === 3 && packed.length > 500_000) continue;
      expect(await contentOf(decompressed(pieces(packed, size), { name: "x" }))).toBe(text);
    }
  });

  test.each([
    1, 255, 256, 65_791, 65_792, 200_000, 5_000_000,
  ])("zstd of %d equal bytes, in blocks that store one of them", async (size) => {
    const equal = Buffer.alloc(size, 0x61);
    for (const packed of [
      zstdCompressSync(equal),
      zstdCompressSync(equal, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    ]) {
      expect(await contentOf(decompressed(pieces(packed, 5), { name: "x" }))).toBe(equal.toString("latin1"));
      for (const cut of [1, 4, 5]) {
        const short = decompressed(pieces(packed.subarray(0, packed.length - cut), 5), { name: "x" });
        expect(await failureOf(contentOf(short))).toMatchObject({ code: "E_BLOB_CORRUPT" });
      }
    }
  });

  test("nothing, and less than a magic number", async () => {
    for (const short of ["", "a", "abc"]) {
      expect(await contentOf(decompressed(pieces(Buffer.from(short), 1), { name: "x" }))).toBe(short);
    }
  });

  test("input after the last member is read too, so that its digest can be checked", async () => {
    const packed = Buffer.concat([gzipSync(bytes), Buffer.alloc(300_000)]);
    let read = 0;
    async function* counted() {
      for await (const piece of pieces(packed, 1000)) {
        read += piece.length;
        yield piece;
      }
    }
    expect(await contentOf(decompressed(counted(), { name: "x" }))).toBe(text);
    expect(read).toBe(packed.length);
  });

  test.each([
    ["gzip", () => gzipSync(bytes)],
    ["zstd", () => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  ])("%s that is cut off or damaged is an error that names it", (_, make) => expectDamageNamed(make()));

  test("an error of the input is passed on as it is", async () => {
    async function* broken() {
      yield gzipSync(bytes).subarray(0, 1000);
      throw new RangeError("from the input");
    }
    expect(String(await failureOf(contentOf(decompressed(broken(), { name: "x" }))))).toContain(
      "from the input",
    );
  });

  test("a consumer that stops early ends the input", async () => {
    let ended = false;
    async function* watched() {
      try {
        yield* pieces(gzipSync(Buffer.alloc(50_000_000)), 1000);
      } finally {
        ended = true;
      }
    }
    for await (const _ of decompressed(watched(), { name: "x" })) break;
    expect(ended).toBe(true);
  });
});

describe("zstd frames are followed through every form of header", () => {
  const magic = [0x28, 0xb5, 0x2f, 0xfd];
  const lastRaw = [(3 << 3) | 1, 0, 0, 1, 2, 3];
  test.each<[string, number[]]>([
    ["a window", [...magic, 0x00, 0x50, ...lastRaw]],
    ["a window and a content size of two bytes", [...magic, 0x40, 0x50, 0, 0, ...lastRaw]],
    ["four", [...magic, 0x80, 0x50, 0, 0, 0, 0, ...lastRaw]],
    ["eight", [...magic, 0xc0, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, ...lastRaw]],
    ["one segment, with a content size of one byte", [...magic, 0x20, 3, ...lastRaw]],
    ["a dictionary of one byte", [...magic, 0x01, 0x50, 9, ...lastRaw]],
    ["of two bytes", [...magic, 0x02, 0x50, 9, 9, ...lastRaw]],
    ["of four bytes, a checksum, and one segment", [...magic, 0x27, 9, 9, 9, 9, 3, ...lastRaw, 1, 2, 3, 4]],
    ["two blocks, the first of one repeated byte", [...magic, 0x00, 0x50, 0x92, 0x0f, 0, 7, ...lastRaw]],
    ["a block that says nothing", [...magic, 0x00, 0x50, 0x01, 0, 0]],
    ["a frame to be skipped", [0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]],
  ])("%s", (_, frame) => {
    const bytes = Uint8Array.from([...frame, ...frame]);
    for (let end = 0; end <= bytes.length; end++) {
      const frames = new ZstdFrames();
      for (const byte of bytes.subarray(0, end)) frames.add(Uint8Array.of(byte));
      expect(frames.isWhole).toBe(end % frame.length === 0);
    }
  });

  test("other bytes after a frame are not whole", () => {
    const frames = new ZstdFrames();
    frames.add(Uint8Array.from([...magic, 0x00, 0x50, ...lastRaw, 0, 0, 0, 0]));
    expect(frames.isWhole).toBe(false);
  });
});

describe("blobs are checked", () => {
  const blob = (more: { digest?: string | undefined; size?: number }) => ({
    name: "blob abc",
    digest: sha256(bytes),
    size: bytes.length,
    open: () => pieces(bytes, 1000),
    ...more,
  });

  test("a good one is passed through", async () => {
    expect(await contentOf(checkedBytes(blob({})))).toBe(text);
    expectSameBytes(await readBlob(blob({}), 1 << 20), bytes);
    expect(await contentOf(checkedBytes(blob({ digest: undefined })))).toBe(text);
  });

  test.each([
    ["a wrong digest", { digest: `sha256:${"0".repeat(64)}` }, "E_BLOB_DIGEST"],
    ["a wrong size", { size: 5 }, "E_BLOB_DIGEST"],
    ["a digest of another kind", { digest: "md5:d41d8cd98f00b204e9800998ecf8427e" }, "E_BLOB_DIGEST"],
    ["a digest that is a path", { digest: "sha256:../../etc/passwd" }, "E_BLOB_DIGEST"],
  ])("%s", async (_, more, code) => {
    expect(await failureOf(contentOf(checkedBytes(blob(more))))).toMatchObject({ code, kind: "contract" });
  });

  test("a document that is too large to be one", async () => {
    expect(await failureOf(readBlob(blob({}), 1000))).toMatchObject({ code: "E_BLOB_TOO_LARGE" });
  });

  test("sha512 too", () => {
    expect(parseDigest(`sha512:${"a".repeat(128)}`).algorithm).toBe("sha512");
  });
});
