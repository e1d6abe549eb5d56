import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { memorySource } from "../../../internal/files/byte-source.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { makeSquashfs, put, run, temporaryFolder } from "../../helpers/verify/fixture.ts";

// The machine that runs this may be busy.
setDefaultTimeout(300_000);

const folder = temporaryFolder("squashfs");
afterAll(() => rmSync(folder, { recursive: true }));

const load = (path: string) => new Uint8Array(readFileSync(path));

describe("what mksquashfs writes is read without a problem", () => {
  test.each([
    ["gzip", ["-comp", "gzip"]],
    ["xz", ["-comp", "xz"]],
    ["lz4", ["-comp", "lz4"]],
    ["lzo", ["-comp", "lzo"]],
    ["zstd", ["-comp", "zstd", "-Xcompression-level", "9"]],
    ["zstd", ["-comp", "zstd", "-no-fragments"]],
    ["zstd", ["-comp", "zstd", "-exports"]],
    ["zstd", ["-comp", "zstd", "-no-xattrs"]],
    ["zstd", ["-comp", "zstd", "-no-fragments", "-no-xattrs", "-nopad"]],
    ["gzip", ["-comp", "gzip", "-noI", "-noD", "-noF", "-noX"]],
    ["zstd", ["-comp", "zstd", "-b", "1M"]],
    ["zstd", ["-comp", "zstd", "-b", "4096"]],
  ])("%s %p", async (compressor, flags) => {
    const bytes = load(makeSquashfs(join(folder, `${compressor}${flags.join("")}`), flags));
    const { value, problems } = await readSquashfs(memorySource(bytes));
    expect(problems).toEqual([]);
    expect(value!.compressor).toBe(compressor as "gzip");
    expect(value!.hasXattrs).toBe(!flags.includes("-no-xattrs"));
    expect(value!.hasExports).toBe(flags.includes("-exports"));
    expect(value!.inodes).toBeGreaterThan(600);
    const padded = flags.includes("-nopad") ? value!.bytesUsed : Math.ceil(value!.bytesUsed / 4096) * 4096;
    expect(bytes.length).toBe(padded);
  });

  test("one file, one empty file, nothing", async () => {
    const trees: Record<string, string>[] = [{ a: "x" }, { a: "" }, {}];
    for (const [index, files] of trees.entries()) {
      const root = join(folder, `few-${index}`, "root");
      put(root, { "only/entry": "", ...files });
      if (index === 2) rmSync(join(root, "only"), { recursive: true });
      const image = join(folder, `few-${index}.img`);
      run(["mksquashfs", root, image, "-noappend", "-quiet", "-no-progress", "-mkfs-time", "1700000000"]);
      const { value, problems } = await readSquashfs(memorySource(load(image)));
      expect(problems).toEqual([]);
      expect(value!.hasExports).toBe(true);
      expect(value!.mkfsTime).toBe(1_700_000_000);
    }
  });
});

test("a file that is cut off anywhere is reported", async () => {
  const bytes = load(makeSquashfs(join(folder, "cut")));
  const used = (await readSquashfs(memorySource(bytes))).value!.bytesUsed;
  for (const length of [0, 4, 95, 96, 5000, used - 1]) {
    const { problems } = await readSquashfs(memorySource(bytes.subarray(0, length)));
    expect(problems.map((problem) => problem.code)).toContain("squashfs-cut-off");
  }
});
