import { describe, expect, test } from "bun:test";
import {
  parseSquashOptions,
  type SquashOptions,
  squashOptionsSchema,
} from "../../internal/squash/squash-options.ts";

const KIB = 1024;

describe("parseSquashOptions", () => {
  test("by default zstd 9 with 256 KiB", () => {
    expect(parseSquashOptions({})).toEqual({ compression: "zstd", level: 9, blockSize: 256 * KIB });
  });

  test.each([
    [{ compression: "xz" }, { compression: "xz", level: null }],
    [{ compression: "none" }, { compression: "none", level: null }],
    [{ compression: "lz4" }, { compression: "lz4", level: null }],
    [{ compression: "gzip" }, { compression: "gzip", level: null }],
    [
      { compression: "gzip", level: "1" },
      { compression: "gzip", level: 1 },
    ],
    [{ level: "22" }, { compression: "zstd", level: 22 }],
    [{ level: "1" }, { compression: "zstd", level: 1 }],
    [{ blockSize: "4096" }, { blockSize: 4 * KIB }],
    [{ blockSize: "4k" }, { blockSize: 4 * KIB }],
    [{ blockSize: "128K" }, { blockSize: 128 * KIB }],
    [{ blockSize: "64KiB" }, { blockSize: 64 * KIB }],
    [{ blockSize: "1M" }, { blockSize: KIB * KIB }],
    [{ blockSize: "1mb" }, { blockSize: KIB * KIB }],
  ])("%j", (given, expected) => {
    const options = parseSquashOptions(given);
    expect(options).toMatchObject(expected as Partial<SquashOptions>);
    expect(squashOptionsSchema.parse(options)).toEqual(options);
  });

  test.each([
    [{ compression: "rar" }, "`rar`", "zstd, xz, gzip, lz4, none"],
    [{ compression: "ZSTD" }, "`ZSTD`", "zstd"],
    [{ compression: "" }, "``", "zstd"],
    [{ level: "0" }, "`0`", "1 to 22"],
    [{ level: "23" }, "`23`", "1 to 22"],
    [{ level: "-1" }, "`-1`", "1 to 22"],
    [{ level: "9.5" }, "`9.5`", "1 to 22"],
    [{ level: "1e1" }, "`1e1`", "1 to 22"],
    [{ level: "" }, "``", "1 to 22"],
    [{ compression: "gzip", level: "10" }, "`10`", "1 to 9"],
    [{ compression: "xz", level: "6" }, "`xz` has no levels", "zstd or gzip"],
    [{ compression: "none", level: "1" }, "`none` has no levels", "zstd or gzip"],
    [{ blockSize: "2K" }, "`2K`", "4K to 1M"],
    [{ blockSize: "2M" }, "`2M`", "4K to 1M"],
    [{ blockSize: "5000" }, "`5000`", "power of two"],
    [{ blockSize: "" }, "``", "power of two"],
    [{ blockSize: "-4K" }, "`-4K`", "power of two"],
    [{ blockSize: "256 K" }, "`256 K`", "power of two"],
    [{ blockSize: "0x40000" }, "`0x40000`", "power of two"],
    [{ blockSize: "1G" }, "`1G`", "power of two"],
  ])("%j is wrong usage", (given, message, hint) => {
    expect(() => parseSquashOptions(given)).toThrow(
      expect.objectContaining({
        code: "E_COMPRESSION",
        exitCode: 2,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
