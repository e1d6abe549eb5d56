import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import { makeCoreImage } from "../../../internal/grub/core-image.ts";
import { moduleFolder } from "../../../internal/grub/module-folder.ts";
import { elf32, grubModules, KERNEL_AT, kernel, module, text } from "../../helpers/grub/grub-modules.ts";

/** Changes only if the bytes of every ISO with BIOS boot are meant to change. */
const PINNED = "cf3db5343274da8e518c2cae13e53ded605f2ff4fcc9862632783591ff63851d";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

function problem(change: Parameters<typeof grubModules>[0]): PlatterError {
  try {
    makeCoreImage(grubModules(change));
  } catch (error) {
    if (error instanceof PlatterError) return error;
    throw error;
  }
  throw new Error("A core image was made");
}

describe("makeCoreImage", () => {
  test("the bytes for a fixed folder are pinned", () => {
    expect(sha256(makeCoreImage(grubModules()))).toBe(PINNED);
  });

  test("the parts follow each other, with their sizes filled in", () => {
    const image = Buffer.from(makeCoreImage(grubModules()));
    expect(hex(image.subarray(0, 2048))).toBe(hex(text(3, 2048)));
    const diskboot = text(4, 512);
    diskboot.writeUInt16LE(Math.ceil((image.length - 2560) / 512), 508);
    expect(hex(image.subarray(2048, 2560))).toBe(hex(diskboot));
    const decompressor = text(5, 2876);
    decompressor.writeUInt32LE(image.length - 2560 - 2876, 8);
    const modules = [4001, 2004, 1602, 9003].reduce(
      (sum, size) => sum + 8 + Math.ceil((size + 92) / 4) * 4,
      0,
    );
    decompressor.writeUInt32LE(9216 + 1004 + 12 + modules + 8 + 12, 12);
    expect(hex(image.subarray(2560, 2560 + 2876))).toBe(hex(decompressor));
  });

  const section = { type: 1, flags: 2, address: KERNEL_AT, content: text(1, 64) };
  const cutKernel = kernel().subarray(0, -20);
  test.each([
    ["no kernel", { "kernel.img": undefined }, "`kernel.img` is missing"],
    ["no list of dependencies", { "moddep.lst": undefined }, "`moddep.lst` is missing"],
    ["no module", { "iso9660.mod": undefined }, "`iso9660.mod` is missing"],
    ["no module that another needs", { "fshelp.mod": undefined }, "`fshelp.mod` is missing"],
    ["an empty kernel", { "kernel.img": "" }, "`kernel.img` is not a 32-bit ELF program for x86"],
    [
      "a text as kernel",
      { "kernel.img": "no".repeat(50) },
      "`kernel.img` is not a 32-bit ELF program for x86",
    ],
    [
      "a module as kernel",
      { "kernel.img": module(1, 9) },
      "`kernel.img` is not a 32-bit ELF program for x86",
    ],
    ["a kernel as module", { "biosdisk.mod": kernel() }, "`biosdisk.mod` is not a 32-bit ELF module for x86"],
    [
      "a kernel that was cut",
      { "kernel.img": cutKernel },
      "`kernel.img` has section headers outside the file",
    ],
    ["a kernel without sections", { "kernel.img": kernel([]) }, "`kernel.img` has no content"],
    [
      "a kernel below its place",
      { "kernel.img": kernel([{ ...section, address: KERNEL_AT - 1 }]) },
      "`kernel.img` has a section outside the memory that GRUB's kernel may use",
    ],
    [
      "a kernel with too much memory",
      { "kernel.img": kernel([section, { ...section, type: 8, size: 0x5f001 }]) },
      "`kernel.img` has a section outside the memory that GRUB's kernel may use",
    ],
    [
      "a kernel at the end of the address space",
      { "kernel.img": kernel([{ ...section, address: 0xffffffff, size: 0xffffffff }]) },
      "`kernel.img` has a section outside the memory that GRUB's kernel may use",
    ],
    [
      "a section that is not in the file",
      { "kernel.img": kernel([{ ...section, size: 4096 }]) },
      "`kernel.img` has a section outside the file",
    ],
    ["a short cdboot", { "cdboot.img": "x" }, "`cdboot.img` has 1 bytes instead of 2048"],
    ["a long diskboot", { "diskboot.img": text(1, 513) }, "`diskboot.img` has 513 bytes instead of 512"],
    [
      "a long decompressor",
      { "lzma_decompress.img": text(1, 3585) },
      "`lzma_decompress.img` has 3585 bytes, and at most 3584 fit",
    ],
    [
      "an empty decompressor",
      { "lzma_decompress.img": "" },
      "`lzma_decompress.img` has 0 bytes, and at least 16 are needed",
    ],
    [
      "a cycle",
      { "moddep.lst": "biosdisk:\npart_gpt:\niso9660: fshelp\nfshelp: iso9660\n" },
      "`moddep.lst` says that `iso9660.mod` needs itself",
    ],
    [
      "a module that is not listed",
      { "moddep.lst": "biosdisk:\n" },
      "`moddep.lst` does not list `part_gpt.mod`",
    ],
    ["a list of bytes", { "moddep.lst": text(1, 4096) }, "`moddep.lst` has a line that is not valid"],
    [
      "a path in the list",
      { "moddep.lst": "biosdisk: ../../etc/shadow\n" },
      "`moddep.lst` has a line that is not valid",
    ],
    [
      "a long chain",
      {
        "moddep.lst": `biosdisk: m0\n${Array.from({ length: 30_000 }, (_, i) => `m${i}: m${i + 1}`).join("\n")}\n`,
      },
      "`moddep.lst` asks for more than 64 modules",
    ],
  ] as const)("%s is an error of the image", (_, change, reason) => {
    const error = problem(change);
    expect(error).toMatchObject({ code: "E_GRUB_MODULES", kind: "contract" });
    expect(error.message).toBe(`Cannot make GRUB's core image from \`/modules\`: ${reason}`);
  });

  test("modules without end are an error before they are compressed", () => {
    const large = module(1, 500_000);
    const change = { "biosdisk.mod": large, "part_gpt.mod": large, "iso9660.mod": large };
    expect(problem(change).message).toMatch(
      /: kernel and modules have 15\d{5} bytes, and at most 1048576 are taken$/,
    );
  });

  test("modules that do not fit into the BIOS's memory are an error", () => {
    const noise = new Uint8Array(300_000);
    let state = 1;
    for (let i = 0; i < noise.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      noise[i] = state >>> 24;
    }
    const large = elf32(1, [{ type: 1, flags: 2, address: 0, content: noise }]);
    const error = problem({
      "biosdisk.mod": large,
      "part_gpt.mod": Buffer.from(large).fill(1, 200_000, 200_100),
    });
    expect(error.message).toMatch(/: it would have \d{6} bytes, and a BIOS can load at most 454656$/);
  });
});

describe("moduleFolder", () => {
  const root = mkdtempSync(join(tmpdir(), "platter-modules-"));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = moduleFolder(root, "some/folder");
  const image = (name: string, make: (path: string) => void) => {
    const path = join(root, name);
    rmSync(path, { recursive: true, force: true });
    make(path);
    try {
      makeCoreImage(folder);
    } catch (error) {
      return error as PlatterError;
    }
    throw new Error("A core image was made");
  };

  test.each(["nowhere", "file", "file/deeper"])("%s, which is not a folder, is an error", (name) => {
    writeFileSync(join(root, "file"), "");
    expect(() => makeCoreImage(moduleFolder(join(root, name), name))).toThrow(
      `Cannot make GRUB's core image from \`${name}\`: the folder does not exist`,
    );
  });

  test.each([
    ["a folder", (path: string) => mkdirSync(path), "it is a folder, not a regular file"],
    ["a FIFO", (path: string) => execFileSync("mkfifo", [path]), "it is a pipe, not a regular file"],
    [
      "a file that is too large",
      (path: string) => writeFileSync(path, new Uint8Array(512 * 1024 + 1)),
      "it has 524289 bytes or more, and at most 524288 are allowed",
    ],
  ])("%s is an error of the image", (_, make, reason) => {
    const error = image("cdboot.img", make);
    expect(error).toMatchObject({ code: "E_GRUB_MODULES", kind: "contract" });
    expect(error.message).toBe(
      `Cannot make GRUB's core image from \`some/folder\`: Cannot read \`${root}/cdboot.img\`: ${reason}`,
    );
  });
});
