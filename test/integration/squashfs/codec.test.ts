import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { readAtSync } from "../../../internal/bytes/chunk.ts";
import { codecOf } from "../../../internal/squashfs/blocks/codec.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

const KIB = 1024;
/** Machine code and data of a large program. */
const PROGRAM = programBytes(4 * 1024 * KIB);

const LENGTHS = [1, 8 * KIB, 128 * KIB - 1, 128 * KIB, 200_000, 256 * KIB, 512 * KIB, 1024 * KIB];

test.each([1, 5, 6, 9, 12, 13, 19])("level %d of zstd packs blocks of every length", (level) => {
  for (const length of LENGTHS) {
    const data = PROGRAM.subarray(-length);
    const packed = packZstd(data, level);
    expectSameBytes(Bun.zstdDecompressSync(packed), data);
  }
});

test("zstd's hash table of half the size costs hardly any length", () => {
  for (const [level, blockSize] of [
    [6, 128 * KIB],
    [9, 256 * KIB],
    [12, 1024 * KIB],
  ] as const) {
    let [packed, usual] = [0, 0];
    for (let at = 0; at < PROGRAM.length; at += blockSize) {
      const data = PROGRAM.subarray(at, at + blockSize);
      packed += packZstd(data, level).length;
      usual += Bun.zstdCompressSync(data, { level }).length;
    }
    expect(packed).not.toBe(usual);
    expect(packed / usual).toBeWithin(0.99, 1.01);
  }
});

test("codecOf: blocks have the bytes that CODEC in codec.ts stands for", () => {
  // If this fails, raise CODEC, and mark new ISOs: --reuse takes blocks of ISOs that were written before as if they were new.
  const words = Array.from(seededNoise(40 * KIB, 5), (byte) => `word${byte % 89} `).join("");
  const data = Buffer.concat([Buffer.from(words), seededNoise(16 * KIB, 6)]);
  const digests = [1, 3, 6, 9, 12, 15, 19].map((level) => {
    const hasher = new Bun.CryptoHasher("sha256");
    for (const length of [1, 4 * KIB, 100_000, 128 * KIB, 256 * KIB]) {
      hasher.update(packZstd(data.subarray(-length), level));
    }
    return `${level} ${hasher.digest("hex").slice(0, 16)}`;
  });
  expect(digests).toEqual([
    "1 115cc88e818ae1c5",
    "3 b9167bce29823b14",
    "6 e76184d6c7cc8c25",
    "9 f9245a841144d81c",
    "12 e68c4637b2e24961",
    "15 8cfe8ac79319856b",
    "19 c42c1e50710c0321",
  ]);
}, 60_000);

test.each(["zstd", "gzip"] as const)("%s gives back a block that becomes no shorter", (compression) => {
  const random = crypto.getRandomValues(new Uint8Array(64 * KIB));
  for (const times of [1, 4, 16]) {
    const data = new Uint8Array(
      Buffer.concat(Array.from({ length: times }, (_, i) => random.map((b) => b ^ i))),
    );
    const codec = codecOf({ compression, level: 9 });
    expect(codec?.pack?.(data).length).toBeGreaterThan(data.length / times);
  }
});

function packZstd(data: Uint8Array, level: number): Uint8Array {
  return codecOf({ compression: "zstd", level })?.pack?.(data) as Uint8Array;
}

/** Bytes from the middle of the program that runs this. */
function programBytes(length: number): Uint8Array {
  const fd = openSync(process.execPath, "r");
  const target = new Uint8Array(length);
  readAtSync({ fd, path: process.execPath }, { target, at: 32 * 1024 * KIB });
  closeSync(fd);
  return target;
}
