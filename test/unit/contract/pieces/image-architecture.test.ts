import { afterAll, describe, expect, test } from "bun:test";
import { parseArchitecture } from "../../../../internal/base/architecture.ts";
import {
  architectureOf,
  kernelArchitecture,
} from "../../../../internal/contract/pieces/image-architecture.ts";
import { openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const tree of opened) await tree[Symbol.asyncDispose]();
});

/** A kernel's first bytes: a PE header of a machine. */
function pe(machine: number): Buffer {
  const head = Buffer.alloc(1024);
  head.write("MZ", 0, "latin1");
  head.writeUInt32LE(0x80, 0x3c);
  head.write("PE\0\0", 0x80, "latin1");
  head.writeUInt16LE(machine, 0x84);
  return head;
}

function withText(offset: number, text: string): Buffer {
  const head = Buffer.alloc(1024);
  head.write(text, offset, "latin1");
  return head;
}

/** Of a tree that has no configuration, as a folder. */
async function of(members: readonly Member[], wanted?: "x86_64" | "aarch64", configured?: string) {
  const tree = await openLayers([members]);
  opened.push(tree);
  const source = { ...tree.source, architecture: configured };
  return architectureOf({ ...tree, root: tree.root, source, read: tree.read.bind(tree) }, wanted);
}

const kernel = (content: Buffer): Member[] => [
  { name: "usr/lib/modules/6.1/vmlinuz", content },
  { name: "usr/lib/modules/6.1/initramfs.img", content: "i" },
];
const file = (name: string): Member => ({ name, content: "x" });

describe("architectureOf", () => {
  test("what is asked for wins, then the image's configuration", async () => {
    const members = [file("boot/efi/EFI/a/shimx64.efi")];
    expect(await of(members, "aarch64", "amd64")).toBe("aarch64");
    expect(await of(members, undefined, "arm64")).toBe("aarch64");
  });

  test.each([
    ["boot/efi/EFI/a/shimaa64.efi", "aarch64"],
    ["usr/lib/efi/shim/1/EFI/a/shimx64.efi", "x86_64"],
    ["usr/lib/shim/shimaa64.efi.signed", "aarch64"],
    ["usr/lib/grub/arm64-efi-signed/gcdaa64.efi.signed", "aarch64"],
  ])("%s: %s", async (name, architecture) => {
    expect(await of([file(name)])).toBe(architecture as never);
  });

  test("the kernel decides where boot loaders of both or of none are there", async () => {
    const both = [file("boot/efi/EFI/a/shimaa64.efi"), file("boot/efi/EFI/a/shimx64.efi")];
    expect(await of([...both, ...kernel(pe(0xaa64))])).toBe("aarch64");
    expect(await of([...both, ...kernel(pe(0x8664))])).toBe("x86_64");
    expect(await of(kernel(withText(0x38, "ARM\x64")))).toBe("aarch64");
  });

  test.each([
    "s390x",
    "constructor",
    "__proto__",
  ])("a configuration that names %s: the image is refused", async (name) => {
    const refused = { code: "E_IMAGE_ARCH", exitCode: 3, message: expect.stringContaining(`\`${name}\``) };
    await expect(of([], undefined, name)).rejects.toMatchObject(refused);
  });

  test("nothing shows it: the host's", async () => {
    expect(await of([])).toBe(parseArchitecture(process.arch));
  });
});

test.each([
  [pe(0x8664), "x86_64"],
  [pe(0xaa64), "aarch64"],
  [pe(0x5064), undefined],
  [withText(0x202, "HdrS"), "x86_64"],
  [Buffer.from("MZ"), undefined],
  [withText(0, "MZ").fill(0xff, 0x3c, 0x40), undefined],
  [new Uint8Array(0), undefined],
])("kernelArchitecture: header %#", (bytes, architecture) => {
  expect(kernelArchitecture(bytes)).toBe(architecture as never);
});

test.each([
  ["linux/arm64", "aarch64"],
  ["linux/arm64/v8", "aarch64"],
  ["linux/amd64", "x86_64"],
  ["Linux/AMD64", "x86_64"],
  ["arm64/v8", "aarch64"],
])("parseArchitecture: %s, as docker spells it", (name, architecture) => {
  expect(parseArchitecture(name)).toBe(architecture as never);
});

test.each([
  "windows/amd64",
  "linux/",
  "linux/linux/amd64",
  "arm64/v9",
  "constructor",
  "__proto__",
])("parseArchitecture: %s is refused", (name) => {
  expect(() => parseArchitecture(name)).toThrow(expect.objectContaining({ code: "E_ARCHITECTURE" }));
});
