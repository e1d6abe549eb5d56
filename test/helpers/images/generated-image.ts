/**
 * An image that is made by code alone, down to its boot programs: no package of the machine changes a byte of it. It
 * keeps the contract and has every kind of file.
 */

import { liveFiles, newc } from "../cpio.ts";
import { efiProgram, grubModules } from "../efi-program.ts";
import { grubForBios } from "../grub/grub-programs.ts";
import { seededNoise } from "../noise.ts";
import { OciMaker } from "./oci-maker.ts";
import { type Member, tar } from "./tar-maker.ts";

const KERNEL = "6.12.0-generated";
const CREATED = "2024-05-06T07:08:09Z";
const BLOCK = 256 * 1024;

/** Writes an OCI layout of two layers, which are not compressed, and returns its folder. */
export function generatedImage(layout: string): string {
  const maker = new OciMaker(layout);
  const options = { compression: "none", architecture: "amd64", created: CREATED } as const;
  maker.add(maker.image(generatedLayers(), options), "latest");
  return layout;
}

/** The image's layers as tar archives, lowest first. The first one is a whole system. */
export function generatedLayers(): Uint8Array[] {
  return [tar(lower()), tar(UPPER)];
}

function lower(): Member[] {
  return [...bootFiles(), ...SYSTEM, ...DATA];
}

/** What the contract asks for. */
function bootFiles(): Member[] {
  const sbat = (name: string) => `sbat,1,SBAT Version,sbat,1,x\n${name},5,${name},${name},1,x\n`;
  const modules = grubModules([{ type: 3, content: "/EFI/BOOT" }]);
  const programs = {
    "boot/efi/EFI/generated/shimx64.efi": efiProgram({
      content: "shim".repeat(5000),
      sections: { ".sbat": sbat("shim") },
    }),
    "boot/efi/EFI/generated/gcdx64.efi": efiProgram({
      content: "grub".repeat(9000),
      sections: { ".sbat": sbat("grub"), mods: modules },
    }),
    "boot/efi/EFI/generated/mmx64.efi": efiProgram({ content: "mm".repeat(4000) }),
    [`usr/lib/modules/${KERNEL}/vmlinuz`]: efiProgram({ content: "a kernel\n".repeat(30_000), linux: "x86" }),
    [`usr/lib/modules/${KERNEL}/initramfs.img`]: newc([
      ...liveFiles(KERNEL),
      { name: "usr/lib/noise", content: seededNoise(700_001, 11) },
    ]),
    "usr/share/grub/unicode.pf2": Buffer.from("PFF2".repeat(5000)),
  };
  const grub = Object.entries(grubForBios()).map(
    ([name, content]) => [`usr/lib/grub/i386-pc/${name}`, content] as const,
  );
  return [...Object.entries(programs), ...grub].map(([name, content]) => ({ name, content }));
}

const SYSTEM: readonly Member[] = [
  { name: "etc/os-release", content: 'ID=generated\nNAME="Generated Linux"\nVERSION_ID=7\n' },
  {
    name: "usr/lib/image-builder/bootc/iso.yaml",
    content: [
      "label: GENERATED",
      "grub2:",
      "  timeout: 7",
      "  entries:",
      "    - name: The system's own",
      "      linux: $kernelpath root=live:CDLABEL=$isolabel rd.live.image",
      "      initrd: $initrdpath",
      "",
    ].join("\n"),
  },
  { name: "bin", type: "2", link: "usr/bin" },
  { name: "usr/bin/", mode: 0o755 },
  { name: "usr/bin/su", mode: 0o4755, content: "#!/bin/sh\n", mtime: 1 },
  {
    name: "usr/bin/ping",
    mode: 0o755,
    content: "a program",
    pax: [["SCHILY.xattr.security.capability", "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0"]],
  },
  { name: "usr/bin/ping6", type: "1", link: "usr/bin/ping" },
  { name: "tmp/", mode: 0o1777 },
  { name: "var/log/", mode: 0o2750, uid: 4, gid: 65_534, pax: [["SCHILY.xattr.user.note", "a folder's"]] },
  { name: "dev/console", type: "3", major: 5, minor: 1, mode: 0o600 },
  { name: "dev/loop300", type: "4", major: 7, minor: 300, gid: 6, mode: 0o660 },
  { name: "run/fifo", type: "6", mode: 0o620 },
];

const large = seededNoise(5 * BLOCK + 123, 1);
const DATA: readonly Member[] = [
  { name: "usr/share/large", content: large },
  { name: "usr/share/large-copy", content: large, uid: 70_000 },
  { name: "usr/share/large-link", type: "1", link: "usr/share/large" },
  {
    name: "usr/share/holes",
    content: Buffer.concat([new Uint8Array(BLOCK), large.subarray(0, BLOCK), new Uint8Array(3 * BLOCK + 5)]),
  },
  { name: "usr/share/zeros", content: new Uint8Array(2 * BLOCK) },
  { name: "usr/share/text", content: "the same line of text again\n".repeat(40_000) },
  { name: "usr/share/empty", content: "" },
  { name: "usr/share/\xc3\xbcn\xc3\xaf \xff'\"\\", content: "an odd name" },
  { name: `usr/share/${"deep/".repeat(30)}file`, content: "deep" },
  ...Array.from({ length: 300 }, (_, i) => ({
    name: `usr/share/many/${i}`,
    content: `${i % 7} `.repeat(i),
    uid: i % 5,
    mtime: 1_500_000_000 + i,
  })),
];

/** Removes, replaces and adds. */
const UPPER: readonly Member[] = [
  { name: "etc/motd", content: "from the upper layer\n" },
  { name: "usr/share/.wh.empty", content: "" },
  { name: "usr/share/many/.wh.7", content: "" },
  { name: "usr/share/many/8", content: "replaced" },
  { name: "usr/share/deep/deep/.wh..wh..opq", content: "" },
  { name: "usr/share/deep/deep/other", content: "opaque" },
];
