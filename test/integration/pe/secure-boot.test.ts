/** What is said about boot programs, by the bytes that they hold. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Architecture } from "../../../internal/base/architecture.ts";
import type { BootProgram } from "../../../internal/contract/checks/boot-program.ts";
import { checkSecureBoot } from "../../../internal/contract/checks/check-secure-boot.ts";
import { summariseSecureBoot } from "../../../internal/contract/checks/secure-boot.ts";
import { readEfiProgram } from "../../../internal/pe/efi-program.ts";
import { readKernelImage } from "../../../internal/pe/kernel-image.ts";
import { isFault } from "../../../internal/pe/pe-image.ts";
import { MICROSOFT_2011, MICROSOFT_2023 } from "../../../internal/pe/trust.ts";
import { GCD_MODULES, GRUB_SBAT, SHIM_SBAT, tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { type EfiParts, efiProgram, grubModules } from "../../helpers/efi-program.ts";
import { makeKey, type SigningKey, sign, signatureList, vendorSection } from "../../helpers/signing.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-secure-boot-"));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = (file: string, subject: string, issuer?: SigningKey) =>
  makeKey(folder, { file, subject, authority: "authority", ...(issuer === undefined ? {} : { issuer }) });
const leaf = (file: string, issuer: SigningKey) => makeKey(folder, { file, subject: file, issuer });
const old = leaf("old", authority("ms-2011", MICROSOFT_2011));
const current = leaf("current", authority("ms-2023", MICROSOFT_2023));
const vendor = authority("vendor", "Vendor CA");
const signer = leaf("signer", vendor);
const stranger = leaf("stranger", authority("strange", "Strange CA"));

const tiny = tinyPrograms();
const signed = (program: Uint8Array, ...keys: SigningKey[]) =>
  keys.reduce((bytes, by) => sign(folder, { program: bytes, by }), program);
const shimOf = (section: Uint8Array, ...keys: SigningKey[]) =>
  signed(efiProgram({ sections: { ".sbat": SHIM_SBAT, ".vendor_cert": section } }), ...keys);
const grubOf = (parts: EfiParts, ...keys: SigningKey[]) =>
  signed(
    efiProgram({ ...parts, sections: { ".sbat": GRUB_SBAT, mods: GCD_MODULES, ...parts.sections } }),
    ...keys,
  );
const shim = shimOf(vendorSection(vendor.der), old, current);
const grub = grubOf({}, signer);
const kernel = signed(efiProgram({ linux: "x86" }), signer);

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[at] = copy[at]! ^ 0x10;
  return copy;
}

const programOf = (path: string, bytes: Uint8Array): BootProgram => {
  const read = readEfiProgram(bytes);
  return isFault(read)
    ? { path, program: undefined, fault: read.fault }
    : { path, program: read, fault: undefined };
};

function programsOf(of: {
  shim?: Uint8Array;
  grub?: Uint8Array;
  kernel?: Uint8Array;
  architecture?: Architecture;
}) {
  return {
    architecture: of.architecture ?? "x86_64",
    shim: programOf("/shim", of.shim ?? shim),
    grub: programOf("/gcd", of.grub ?? grub),
    kernel: { path: "/vmlinuz", image: readKernelImage(of.kernel ?? kernel) },
  } as const;
}

const found = (of: Parameters<typeof programsOf>[0]) =>
  checkSecureBoot(programsOf(of)).map(({ code, seen }) => `${code}: ${seen}`);

describe("signatures", () => {
  test("all as it should be: nothing to say", () => {
    expect(found({})).toEqual([]);
    expect(found({ shim: tiny.shim, grub: tiny.gcd, kernel: tiny.kernel })).toEqual([]);
    expect(summariseSecureBoot(programsOf({}))).toEqual({
      shimIssuers: [MICROSOFT_2011, MICROSOFT_2023],
      vendor: ["Vendor CA"],
      grub: { signers: ["signer"], trust: "vendor" },
      kernel: { signers: ["signer"], trust: "vendor" },
      sbatLevel: "2025051000",
    });
  });

  test("none", () => {
    const unsigned = {
      shim: shimOf(vendorSection(vendor.der)),
      grub: grubOf({}),
      kernel: efiProgram({ linux: "x86" }),
    };
    expect(found(unsigned)).toEqual([
      "F_SHIM_UNSIGNED: `/shim` has no signature.",
      "F_GCD_UNSIGNED: `/gcd` has no signature.",
      "F_KERNEL_UNSIGNED: `/vmlinuz` has no signature.",
    ]);
  });

  test("somebody else's", () => {
    expect(found({ shim: shimOf(vendorSection(vendor.der), stranger) })).toEqual([
      "F_SHIM_SIGNER: `/shim` is signed only by `Strange CA`.",
    ]);
    expect(
      found({ grub: grubOf({}, stranger), kernel: signed(efiProgram({ linux: "x86" }), stranger) }),
    ).toEqual([
      "F_GCD_UNTRUSTED: `/gcd` is signed by `stranger`, and shim trusts `Vendor CA`.",
      "F_KERNEL_UNTRUSTED: `/vmlinuz` is signed by `stranger`, and shim trusts `Vendor CA`.",
    ]);
    expect(
      found({
        shim: shimOf(vendorSection(new Uint8Array()), old, current),
        kernel: signed(efiProgram({}), old),
      }),
    ).toEqual(["F_GCD_UNTRUSTED: `/gcd` is signed by `signer`, and shim trusts no certificate of its own."]);
  });

  test("another signature next to the vendor's does no harm", () => {
    expect(found({ grub: grubOf({}, stranger, signer), kernel: signed(kernel, stranger) })).toEqual([]);
  });

  test("one of Microsoft's alone", () => {
    expect(found({ shim: shimOf(vendorSection(vendor.der), old) })).toEqual([
      `F_SHIM_ONLY_2011: \`/shim\` is signed only by \`${MICROSOFT_2011}\`.`,
    ]);
    expect(found({ shim: shimOf(vendorSection(vendor.der), current) })).toEqual([
      `F_SHIM_ONLY_2023: \`/shim\` is signed only by \`${MICROSOFT_2023}\`.`,
    ]);
  });

  test("of a program that was changed afterwards, in each part that is signed", () => {
    // The DOS header, an unused field of the header, and a section.
    for (const at of [30, 64 + 8, 1024]) {
      expect(
        found({ grub: changed(grub, at), kernel: changed(kernel, at), shim: changed(shim, at) }),
      ).toEqual([
        `F_SHIM_MODIFIED: \`/shim\` was changed after \`old\` and \`current\` signed it.`,
        "F_GCD_MODIFIED: `/gcd` was changed after `signer` signed it.",
        "F_KERNEL_MODIFIED: `/vmlinuz` was changed after `signer` signed it.",
      ]);
    }
  });

  test("the checksum is not signed", () => {
    expect(found({ grub: changed(grub, 64 + 24 + 64) })).toEqual([]);
  });

  test("whose own bytes were changed", () => {
    // The last bytes of a signature are the encrypted digest, and then filling.
    const at = grub.length - 32;
    expect(found({ grub: changed(grub, at) })).toEqual([
      "F_GCD_MODIFIED: `/gcd` has a signature that platter does not understand, or that the named signer (`signer`) did not make.",
    ]);
  });

  test("cut off", () => {
    expect(found({ grub: grub.subarray(0, grub.length - 8) })).toEqual([
      "F_GCD_FORMAT: `/gcd` is cut off within its signature.",
    ]);
  });
});

describe("what shim trusts", () => {
  const bytesOf = (program: Uint8Array) => Buffer.from(programOf("", program).program!.digest!, "hex");

  test("a list of certificates, the signer's own among them", () => {
    const lists = Buffer.concat([signatureList("x509", stranger.der), signatureList("x509", signer.der)]);
    expect(found({ shim: shimOf(vendorSection(lists), old, current) })).toEqual([]);
  });

  test("a digest instead of a signature", () => {
    const unsigned = grubOf({});
    const lists = Buffer.concat([
      signatureList("x509", vendor.der),
      signatureList("sha256", bytesOf(unsigned)),
    ]);
    expect(found({ shim: shimOf(vendorSection(lists), old, current), grub: unsigned })).toEqual([]);
  });

  test("what it refuses, by digest and by certificate", () => {
    const refused = (denied: Uint8Array) =>
      found({ shim: shimOf(vendorSection(vendor.der, denied), old, current) });
    expect(refused(signatureList("sha256", bytesOf(grub)))).toEqual([
      "F_GCD_REVOKED: shim's own list of forbidden programs has `/gcd`.",
    ]);
    expect(refused(signatureList("x509", signer.der)).map((line) => line.slice(0, 16))).toEqual([
      "F_GCD_REVOKED: s",
      "F_KERNEL_REVOKED",
    ]);
  });
});

describe("generations", () => {
  const sbat = (text: string) => ({ sections: { ".sbat": text } });

  test("older than what is revoked", () => {
    expect(found({ grub: grubOf(sbat("sbat,1,x\ngrub,4,x\ngrub.tiny,1,x\n"), signer) })).toEqual([
      "F_GCD_REVOKED: `/gcd` has generations that the revocations of 2025-05-10 refuse: `grub` 4 (5 is needed).",
    ]);
  });

  test("newer ones, and vendors that nobody has revoked", () => {
    expect(found({ grub: grubOf(sbat("sbat,1,x\ngrub,7,x\ngrub.other,1,x\n"), signer) })).toEqual([]);
  });

  test("none at all, of what is signed", () => {
    expect(found({ grub: signed(efiProgram({}), signer) })).toEqual([
      "F_GCD_SBAT_MISSING: `/gcd` has no `.sbat` section with generations.",
    ]);
  });

  test("the revocations that shim brings along count where they are newer", () => {
    const levels = (date: string) =>
      `\0\0\0\0\b\0\0\0)\0\0\0sbat,1,2021030218\n\0sbat,1,${date}\nshim,4\ngrub,6\n\0`;
    const shimWith = (date: string) =>
      signed(
        efiProgram({
          sections: {
            ".sbat": SHIM_SBAT,
            ".vendor_cert": vendorSection(vendor.der),
            ".sbatlevel": levels(date),
          },
        }),
        old,
        current,
      );
    expect(found({ shim: shimWith("2024010900") })).toEqual([]);
    expect(found({ shim: shimWith("2025112400") })).toEqual([
      "F_GCD_REVOKED: `/gcd` has generations that the revocations of 2025-11-24 refuse: `grub` 5 (6 is needed).",
    ]);
  });
});

describe("formats and architectures", () => {
  test("no programs", () => {
    const nothing = Buffer.from("text\n".repeat(200));
    expect(found({ shim: nothing, grub: nothing, kernel: nothing })).toEqual([
      "F_SHIM_FORMAT: `/shim` is not a program: it does not begin with MZ.",
      "F_GCD_FORMAT: `/gcd` is not a program: it does not begin with MZ.",
      "F_KERNEL_FORMAT: `/vmlinuz` is not a program: it does not begin with MZ.",
    ]);
  });

  test("programs for another architecture", () => {
    expect(found({ architecture: "aarch64" })).toEqual([
      "F_SHIM_MACHINE: `/shim` is a program for X64, and the image is for AA64 (aarch64).",
      "F_GCD_MACHINE: `/gcd` is a program for X64, and the image is for AA64 (aarch64).",
      "F_KERNEL_MACHINE: `/vmlinuz` is a program for X64, and the image is for AA64 (aarch64).",
    ]);
  });

  test("kernels that are no EFI programs", () => {
    const plain = efiProgram({ linux: "x86" });
    plain[0] = 0;
    expect(found({ kernel: plain })).toEqual([
      "F_KERNEL_UNSIGNED: `/vmlinuz` is not an EFI program, so it has no signature.",
    ]);
    const arm = {
      architecture: "aarch64",
      shim: efiProgram({ machine: "AA64" }),
      grub: efiProgram({ machine: "AA64" }),
    } as const;
    const unsigned = [
      "F_SHIM_UNSIGNED: `/shim` has no signature.",
      "F_GCD_UNSIGNED: `/gcd` has no signature.",
    ];
    expect(found({ ...arm, kernel: plain })).toEqual([
      ...unsigned,
      "F_KERNEL_MACHINE: `/vmlinuz` is a kernel for x86, and the image is for aarch64.",
    ]);
  });

  test("a kernel packed with gzip: its content is checked, and Secure Boot refuses it", () => {
    const packed = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
    const GZIP = "F_KERNEL_GZIP: `/vmlinuz` is compressed with gzip.";
    expect(found({ kernel: packed(kernel) })).toEqual([GZIP]);
    expect(summariseSecureBoot(programsOf({ kernel: packed(kernel) }))?.kernel).toEqual({
      signers: ["signer"],
      trust: "vendor",
    });
    expect(found({ kernel: packed(efiProgram({ linux: "x86" })) })).toEqual([
      GZIP,
      "F_KERNEL_UNSIGNED: `/vmlinuz` has no signature.",
    ]);
    expect(found({ kernel: packed(efiProgram({ machine: "AA64" })) })).toEqual([
      GZIP,
      "F_KERNEL_MACHINE: `/vmlinuz` is a program for AA64, and the image is for X64 (x86_64).",
    ]);
  });

  test("a kernel for aarch64 packed with gzip, as Ubuntu has it", () => {
    const arm = {
      architecture: "aarch64",
      grub: grubOf({ machine: "AA64" }, signer),
      kernel: new Uint8Array(gzipSync(signed(efiProgram({ machine: "AA64" }), signer))),
    } as const;
    const sections = { ".sbat": SHIM_SBAT, ".vendor_cert": vendorSection(vendor.der) };
    const armShim = signed(efiProgram({ machine: "AA64", sections }), old, current);
    expect(found({ ...arm, shim: armShim })).toEqual(["F_KERNEL_GZIP: `/vmlinuz` is compressed with gzip."]);
  });

  test("gzip without a kernel in it is refused", () => {
    const garbage = Buffer.from(gzipSync(Buffer.from("text\n".repeat(200))));
    expect(found({ kernel: garbage })).toEqual([
      "F_KERNEL_FORMAT: `/vmlinuz` is compressed with gzip, and its content is not a program: it does not begin with MZ.",
    ]);
    expect(found({ kernel: garbage.subarray(0, 20) })).toEqual([
      "F_KERNEL_FORMAT: `/vmlinuz` is compressed with gzip, and its content is cut off.",
    ]);
    expect(found({ kernel: Buffer.from([0x1f, 0x8b, 1, 2, 3, 4]) })).toEqual([
      "F_KERNEL_FORMAT: `/vmlinuz` is compressed with gzip, and its content cannot be decompressed.",
    ]);
    // 257 MiB of zeros are a quarter of a megabyte.
    expect(found({ kernel: gzipSync(Buffer.alloc(257 * 2 ** 20)) })).toEqual([
      "F_KERNEL_FORMAT: `/vmlinuz` is compressed with gzip, and its content has more bytes than any kernel.",
    ]);
  });
});

describe("the place of the menu that GRUB has built in", () => {
  const placed = (...objects: Parameters<typeof grubModules>[0]) =>
    found({ grub: grubOf({ sections: { mods: grubModules(objects) } }, signer) });
  const prefix = (content: string) => ({ type: 3, content });
  const debian = "search --file --set=root /.disk/info\nset prefix=($root)/boot/grub\n";
  const config = { type: 2, content: "normal (memdisk)/grub.cfg\n" };

  test.each([["/EFI/BOOT"], ["/boot/grub"], ["(cd0)/EFI/boot/"]])("%s is there", (place) => {
    expect(placed(prefix(place))).toEqual([]);
  });

  test.each([["/EFI/debian"], ["/EFI/fedora"], ["/boot/grub2"], ["(,gpt2)/grub"]])("%s is not", (place) => {
    expect(placed(prefix(place))).toEqual([
      `F_GCD_PREFIX: \`/gcd\` looks for its menu in \`${place}\`, and the ISO has it in \`/EFI/BOOT\` and \`/boot/grub\`.`,
    ]);
  });

  test("commands of its own say where it looks", () => {
    expect(placed(prefix("/EFI/debian"), config, { type: 1, content: debian })).toEqual([]);
    expect(placed(prefix("/x"), { type: 2, content: "configfile $cmdpath/grub.cfg" })).toEqual([]);
    // A compressed file system shows nothing.
    expect(placed(prefix("/x"), config, { type: 1, content: "hsqs\x01\x02" })).toEqual([]);
    expect(placed(prefix("/boot/grub"), config, { type: 1, content: "search --label OTHER\n" })).toHaveLength(
      1,
    );
  });
});
