import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DataProblem } from "../../../internal/base/data-problem.ts";
import { Crc64Xz } from "../../../internal/lzma/crc64-xz.ts";
import { LzmaDecoder } from "../../../internal/lzma/decode.ts";
import { encodeLzma } from "../../../internal/lzma/encode.ts";
import { Window } from "../../../internal/lzma/window.ts";
import { text } from "../../helpers/grub/grub-modules.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Content with literals, repetitions near and far, and runs. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ bytes, back: 0, length: 0 })),
      fc.record({
        bytes: fc.constant(new Uint8Array(0)),
        back: fc.nat(5000),
        length: fc.nat(400),
      }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => {
    const all: number[] = [];
    for (const { bytes, back, length } of parts) {
      all.push(...bytes);
      for (let i = 0; i < length && back < all.length; i++) all.push(all[all.length - 1 - back]!);
    }
    return Uint8Array.from(all);
  });
const properties = fc
  .record({ lc: fc.nat(4), lp: fc.nat(4), pb: fc.nat(4) })
  .filter(({ lc, lp }) => lc + lp <= 4);

function decoded(stream: Uint8Array, length: number, options: { lc: number; lp: number; pb: number }) {
  const window = new Window(1 << 16);
  const decoder = new LzmaDecoder(window);
  decoder.reset(options);
  window.reserve(length);
  const used = decoder.decode(stream, length);
  return { content: window.bytes.subarray(0, length), used };
}

describe("encodeLzma", () => {
  test("the decoder gives the content back, and uses all of the stream", () => {
    fc.assert(
      fc.property(contents, properties, (content, options) => {
        const stream = encodeLzma(content, { ...options, dictionary: 1 << 16 });
        const { content: back, used } = decoded(stream, content.length, options);
        expect(hex(back)).toBe(hex(content));
        expect(used).toBe(stream.length);
      }),
      { numRuns: 200 },
    );
  });

  test("distances stay within the dictionary", () => {
    const block = text(1, 3000);
    const noise = text(2, 6000);
    const content = Buffer.concat([block, noise, block]);
    const options = { lc: 3, lp: 0, pb: 2 };
    const near = encodeLzma(content, { ...options, dictionary: 4096 });
    const far = encodeLzma(content, { ...options, dictionary: 16384 });
    expect(far.length).toBeLessThan(near.length - 500);
    expect(hex(decoded(near, content.length, options).content)).toBe(hex(content));
  });

  test("repetitions are found: half of the content takes little", () => {
    // Every other 32 bytes have six random bits each, which is 22,500 bytes.
    const stream = encodeLzma(text(1, 60_000), { lc: 3, lp: 0, pb: 2, dictionary: 1 << 16 });
    expect(stream.length).toBeLessThan(30_000);
  });
});

describe("LzmaDecoder", () => {
  test("a damaged stream is a DataProblem or other content, and never an endless loop", () => {
    const content = text(3, 4000);
    const options = { lc: 3, lp: 0, pb: 2 };
    const stream = encodeLzma(content, { ...options, dictionary: 1 << 16 });
    fc.assert(
      fc.property(
        fc.nat(stream.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, isCut) => {
          const bad = Uint8Array.from(isCut ? stream.subarray(0, at) : stream);
          if (!isCut) bad[at]! ^= flip;
          try {
            const { used, content: other } = decoded(bad, content.length, options);
            expect(used === stream.length && hex(other) === hex(content)).toBe(false);
          } catch (error) {
            expect(error).toBeInstanceOf(DataProblem);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

test("Crc64Xz: the check value of CRC-64/XZ", () => {
  const crc = new Crc64Xz();
  crc.update(Buffer.from("1234"));
  crc.update(Buffer.from("56789"));
  // Most significant byte first it is 995dc9bbdf1939fa.
  expect(crc.digest().toString("hex")).toBe("fa3919dfbbc95d99");
});
