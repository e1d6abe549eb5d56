import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeCoreImage } from "../../../internal/grub/core-image.ts";
import { moduleFolder } from "../../../internal/grub/module-folder.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

/** Bytes of the two programs before the decompressor, and where its sizes are. */
const LOADERS = 2560;
const COMPRESSED_SIZE = LOADERS + 0x08;
const UNCOMPRESSED_SIZE = LOADERS + 0x0c;

let scratch: string;
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "platter-core-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a command to its end. */
function output(argv: string[], accept = [0]): Buffer {
  const done = Bun.spawnSync(argv, { stderr: "pipe" });
  if (!accept.includes(done.exitCode)) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return Buffer.from(done.stdout);
}

/** What the LZMA stream of a core image holds, by the real xz. */
function payloadOf(image: Buffer, decompressor: number): Buffer {
  const stream = join(scratch, "stream.lzma");
  writeFileSync(stream, image.subarray(LOADERS + decompressor));
  // Without an end marker xz reports an unexpected end after all that there is.
  const argv = ["xz", "--format=raw", "--lzma1=lc=3,lp=0,pb=2,dict=64KiB", "-dc", stream];
  return output(argv, [0, 1]).subarray(0, image.readUInt32LE(UNCOMPRESSED_SIZE));
}

function compare(modules: string, mkimage: string): void {
  const path = join(scratch, "reference.img");
  const parts = ["biosdisk", "part_gpt", "iso9660"];
  output([mkimage, "-O", "i386-pc-eltorito", "-d", modules, "-p", "/boot/grub2", "-o", path, ...parts]);
  const wanted = readFileSync(path);
  const made = Buffer.from(makeCoreImage(moduleFolder(modules)));
  const decompressor = readFileSync(join(modules, "lzma_decompress.img")).length;
  const payload = payloadOf(made, decompressor);
  expect(payload.length).toBe(made.readUInt32LE(UNCOMPRESSED_SIZE));
  expectSameBytes(payload, payloadOf(wanted, decompressor));
  expect(made.readUInt32LE(COMPRESSED_SIZE)).toBe(made.length - LOADERS - decompressor);
  expect(made.readUInt16LE(2048 + 508)).toBe(Math.ceil((made.length - LOADERS) / 512));
  // All else before the stream is the same.
  const head = (image: Buffer) => {
    const bytes = Buffer.from(image.subarray(0, LOADERS + decompressor));
    bytes.writeUInt32LE(0, COMPRESSED_SIZE);
    bytes.writeUInt16LE(0, 2048 + 508);
    return bytes;
  };
  expectSameBytes(head(made), head(wanted));
}

describe("a core image holds what that of grub-mkimage does", () => {
  test("GRUB of this machine", () => compare("/usr/lib/grub/i386-pc", "grub-mkimage"));

  const others =
    process.env.PLATTER_TEST === "full"
      ? ([
          ["trixie", "2.12"],
          ["sid", "2."],
        ] as const)
      : [];
  test.each(others)(
    "GRUB of Debian %s",
    (suite, version) => {
      const out = join(scratch, suite);
      output([resolve(import.meta.dir, "../../fixtures/debian-grub.sh"), suite, out]);
      expect(readFileSync(join(out, "version"), "utf8")).toStartWith(version);
      compare(join(out, "modules"), join(out, "mkimage"));
    },
    300_000,
  );
});
