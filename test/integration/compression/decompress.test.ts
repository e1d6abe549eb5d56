/** Streams as the programs for each format write them. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { compressionOf } from "../../../internal/compression/compression.ts";
import { decompressed } from "../../../internal/compression/decompress.ts";
import { expectDamageNamed } from "../../helpers/damaged-stream.ts";
import { contentOf, failureOf, pieces } from "../../helpers/images/memory-layers.ts";

setDefaultTimeout(60_000);

const text = Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("");
const bytes = Buffer.from(text);
const tool = (argv: string[]) => Bun.spawnSync(argv, { stdin: bytes }).stdout as Buffer;

const forms: [string, () => Uint8Array][] = [
  ["gzip by pigz's relative, gzip -9", () => tool(["gzip", "-9c"])],
  ["zstd by the tool, with a large window", () => tool(["zstd", "-qc", "--ultra", "-20"])],
  ["xz", () => tool(["xz", "-c"])],
  ["bzip2", () => tool(["bzip2", "-c"])],
];

describe("decompressed", () => {
  test.each(forms)("%s", async (_, make) => {
    const packed = make();
    for (const size of [3, 4096, 1 << 20]) {
      if (size === 3 && packed.length > 500_000) continue;
      expect(await contentOf(decompressed(pieces(packed, size), { name: "x" }))).toBe(text);
    }
  });

  test.each([
    "gzip",
    "zstd",
    "xz",
    "bzip2",
  ])("%s: an interruption ends it within one piece of input", async (program) => {
    const packed = Bun.spawnSync([program, "-c"], { stdin: Buffer.alloc(2 ** 24) }).stdout;
    const controller = new AbortController();
    const stream = decompressed(pieces(packed, packed.length), { name: "x", signal: controller.signal });
    expect((await stream.next()).done).toBe(false);
    controller.abort();
    expect(await failureOf(contentOf(stream))).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test.each([
    ["xz", () => tool(["xz", "-c"])],
    ["bzip2", () => tool(["bzip2", "-c"])],
  ])("%s that is cut off or damaged is an error that names it", (_, make) => expectDamageNamed(make()));

  test("xz with a filter that platter does not read is refused with a hint", async () => {
    const packed = tool(["xz", "-c", "--arm64", "--lzma2=preset=1"]);
    expect(compressionOf(packed)).toBe("xz");
    expect(await failureOf(contentOf(decompressed(pieces(packed, 1000), { name: "x" })))).toMatchObject({
      code: "E_COMPRESSION_UNKNOWN",
      message:
        "Cannot decompress x with xz: it is compressed with the filters 0xa, 0x21, and platter reads LZMA2 and x86",
      hint: expect.stringContaining("zstd"),
    });
  });
});
