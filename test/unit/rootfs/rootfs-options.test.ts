import { describe, expect, test } from "bun:test";
import {
  parseRootfsOptions,
  type RootfsOptions,
  rootfsOptionsSchema,
} from "../../../internal/rootfs/rootfs-options.ts";

const KIB = 1024;
const parse = (compression: string | undefined) => parseRootfsOptions({ compression, rootfs: "squashfs" });

describe("parseRootfsOptions", () => {
  test("by default a squashfs of zstd 9 with 256 KiB, which is `balanced` and `zstd`", () => {
    const usual = { type: "squashfs", compression: "zstd", level: 9, blockSize: 256 * KIB } as const;
    expect(parse(undefined)).toEqual(usual);
    expect(parse("balanced")).toEqual(usual);
    expect(parse("zstd")).toEqual(usual);
  });

  test.each([
    ["fast", { compression: "zstd", level: 1, blockSize: 256 * KIB }],
    ["small", { compression: "zstd", level: 12, blockSize: KIB * KIB }],
    ["none", { compression: "none", level: null }],
    ["gzip", { compression: "gzip", level: null }],
    ["gzip:1", { compression: "gzip", level: 1 }],
    ["zstd:22", { compression: "zstd", level: 22, blockSize: 256 * KIB }],
    ["zstd:1,4096", { compression: "zstd", level: 1, blockSize: 4 * KIB }],
    ["zstd,4k", { compression: "zstd", level: 9, blockSize: 4 * KIB }],
    ["zstd:15,128K", { compression: "zstd", level: 15, blockSize: 128 * KIB }],
    ["gzip,64KiB", { compression: "gzip", level: null, blockSize: 64 * KIB }],
    ["none,1M", { compression: "none", blockSize: KIB * KIB }],
    ["gzip:9,1mb", { compression: "gzip", level: 9, blockSize: KIB * KIB }],
  ])("%s", (text, expected) => {
    const options = parse(text);
    expect(options).toMatchObject(expected as Partial<RootfsOptions>);
    expect(rootfsOptionsSchema.parse(options)).toEqual(options);
  });

  test("each preset has its own numbers for erofs", () => {
    for (const preset of ["fast", "balanced", "small"]) {
      const options = parseRootfsOptions({ compression: preset, rootfs: "erofs" });
      expect(options.type).toBe("erofs");
      expect(rootfsOptionsSchema.parse(options)).toEqual(options);
    }
    const lz4 = parseRootfsOptions({ compression: "lz4,16K", rootfs: "erofs" });
    expect(lz4).toEqual({ type: "erofs", compression: "lz4", level: null, blockSize: 16 * KIB });
  });

  test("an erofs has xz and lz4 as well, which have no levels", () => {
    const erofs = (compression: string) => parseRootfsOptions({ compression, rootfs: "erofs" });
    expect(erofs("xz,1M")).toEqual({ type: "erofs", compression: "xz", level: null, blockSize: KIB * KIB });
    expect(() => erofs("xz:6")).toThrow("Cannot use a level with `xz`: it does not have levels");
    expect(() => erofs("rar")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("zstd, gzip, none, xz, lz4") }),
    );
  });

  test.each([
    ["rar", "`rar`", "fast, balanced, small, zstd, gzip, none; level"],
    ["ZSTD", "`ZSTD`", "zstd"],
    ["", "``", "zstd"],
    ["constructor", "`constructor`", "zstd"],
    ["small:3", "`small` a level", "zstd:19"],
    ["fast,1M", "`fast` a level or a block size", "zstd:19"],
    ["zstd:0", "`0`", "1 to 22"],
    ["zstd:23", "`23`", "1 to 22"],
    ["zstd:-1", "`-1`", "1 to 22"],
    ["zstd:9.5", "`9.5`", "1 to 22"],
    ["zstd:1e1", "`1e1`", "1 to 22"],
    ["zstd:", "``", "1 to 22"],
    ["zstd:9:9", "`zstd:9:9`", "such as"],
    ["zstd,256K,1", "`zstd,256K,1`", "such as"],
    ["zstd,256K:9", "`zstd,256K:9`", "such as"],
    ["gzip:10", "`10`", "1 to 9"],
    [
      "xz",
      "Cannot make a squashfs with `xz`",
      "Choose `small` for the smallest ISO, or `fast` for the fastest build.",
    ],
    ["lz4", "Cannot make a squashfs with `lz4`", "`small` for the smallest ISO, or `fast` for"],
    ["xz:6,1M", "Cannot make a squashfs with `xz`", "`small`"],
    ["none:1", "`none`: it does not have levels", "zstd or gzip"],
    ["zstd,2K", "`2K`", "4K to 1M"],
    ["zstd:9,2M", "`2M`", "4K to 1M"],
    ["gzip,5000", "`5000`", "power of two"],
    ["gzip,", "``", "power of two"],
    ["gzip,-4K", "`-4K`", "power of two"],
    ["gzip,256 K", "`256 K`", "power of two"],
    ["gzip,0x40000", "`0x40000`", "power of two"],
    ["gzip,1G", "`1G`", "power of two"],
  ])("%j is wrong usage", (given, message, hint) => {
    expect(() => parse(given)).toThrow(
      expect.objectContaining({
        code: "E_COMPRESSION",
        exitCode: 2,
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});
