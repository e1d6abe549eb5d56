import { describe, expect, test } from "bun:test";
import { expectSameBytes, firstDifference } from "../../helpers/same-bytes.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

describe("firstDifference", () => {
  test("the same bytes have none, whatever the type of the array", () => {
    expect(firstDifference(bytes(), Buffer.alloc(0))).toBeUndefined();
    expect(firstDifference(bytes(1, 2, 3), Buffer.from([1, 2, 3]))).toBeUndefined();
  });

  test("it has the offset and the bytes before and after it", () => {
    const expected = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
    const actual = Buffer.from(expected);
    actual[40] = 0xff;
    expect(firstDifference(actual, expected)).toEqual({
      offset: 40,
      lengths: { actual: 100, expected: 100 },
      actual: "18191a1b1c1d1e1f2021222324252627|ff292a2b2c2d2e2f3031323334353637",
      expected: "18191a1b1c1d1e1f2021222324252627|28292a2b2c2d2e2f3031323334353637",
    });
  });

  test("a sequence that ends early differs at its end", () => {
    expect(firstDifference(bytes(1, 2), bytes(1, 2, 3))).toEqual({
      offset: 2,
      lengths: { actual: 2, expected: 3 },
      actual: "0102|",
      expected: "0102|03",
    });
    expect(firstDifference(bytes(7), bytes())).toMatchObject({ offset: 0, actual: "|07", expected: "|" });
  });
});

test("expectSameBytes: a failure shows where the bytes differ", () => {
  expectSameBytes(bytes(1, 2), bytes(1, 2));
  expect(() => expectSameBytes(bytes(1, 2), bytes(1, 3))).toThrow(/\boffset: 1,/);
});
