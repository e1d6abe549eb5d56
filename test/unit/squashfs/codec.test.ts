import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { readAtSync } from "../../../internal/bytes/chunk.ts";
import { codecOf } from "../../../internal/squashfs/blocks/codec.ts";

const KIB = 1024;
/** Machine code and data of a large program. */
const PROGRAM = programBytes(4 * 1024 * KIB);

const LENGTHS = [1, 8 * KIB, 128 * KIB - 1, 128 * KIB, 200_000, 256 * KIB, 512 * KIB, 1024 * KIB];

test.each([1, 5, 6, 9, 12, 13, 19])("level %d of zstd packs blocks of every length", (level) => {
  for (const length of LENGTHS) {
    const data = PROGRAM.subarray(-length);
    const packed = packZstd(data, level);
    expect(Buffer.compare(Bun.zstdDecompressSync(packed), data)).toBe(0);
    // A thread hands over the whole of what is behind it.
    expect([packed.byteOffset, packed.buffer.byteLength]).toEqual([0, packed.length]);
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
