/** Images of some kilobytes that keep the contract, as folders: what boots is not real, what GRUB needs is. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tinyPrograms } from "../boot/boot-programs.ts";
import { liveFiles, newc } from "../cpio.ts";
import { OciMaker } from "./oci-maker.ts";
import { smallLive } from "./small-live.ts";

export const KVER = "6.1.0-tiny";
export const MODULES = "usr/lib/grub/i386-pc";
export const SHIM = "boot/efi/EFI/tiny/shimx64.efi";
export const GCD = "boot/efi/EFI/tiny/gcdx64.efi";
export const MM = "boot/efi/EFI/tiny/mmx64.efi";
export const FONT = "usr/share/grub/unicode.pf2";
export const CONFIG = "usr/lib/image-builder/bootc/iso.yaml";

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  "etc/os-release": 'ID=tiny\nNAME="Tiny Linux"\nVERSION_ID=7\n',
  "etc/shadow": "root:the image's own:1::::::\n",
  [`usr/lib/modules/${KVER}/initramfs.img`]: newc(liveFiles(KVER)),
  [FONT]: "PFF2".repeat(50),
  [CONFIG]: "label: TINY\n",
  "usr/share/doc/readme": "text\n".repeat(500),
};

export const OCI_CREATED = "2024-05-06T07:08:09Z";

export interface Changes {
  /** Paths that are removed, with all below them. */
  without?: readonly string[];
  /** Files that are added or replaced. */
  with?: Readonly<Record<string, string | Uint8Array>>;
}

/** Makes a tiny image in a folder, which must not exist, and returns the folder. */
export function tinyImage(folder: string, changes: Changes = {}): string {
  const { shim, gcd, mm, kernel } = tinyPrograms();
  const programs = { [SHIM]: shim, [GCD]: gcd, [MM]: mm, [`usr/lib/modules/${KVER}/vmlinuz`]: kernel };
  for (const [path, content] of Object.entries({ ...FILES, ...programs })) put(join(folder, path), content);
  for (const name of neededModules()) {
    mkdirSync(join(folder, MODULES), { recursive: true });
    copyFileSync(join(smallLive().rootfs, MODULES, name), join(folder, MODULES, name));
  }
  for (const path of changes.without ?? []) rmSync(join(folder, path), { recursive: true });
  for (const [path, content] of Object.entries(changes.with ?? {})) put(join(folder, path), content);
  // The same image has the same times, and so the same ISO.
  Bun.spawnSync(["find", folder, "-exec", "touch", "-h", "-d", "@1700000000", "{}", "+"]);
  return folder;
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A folder as a plain tar. */
export function packed(folder: string): Buffer {
  const ran = Bun.spawnSync(
    ["tar", "-C", folder, "--format=pax", "--sort=name", "--numeric-owner", "-cf", "-", "."],
    { maxBuffer: 2 ** 30 },
  );
  if (ran.exitCode !== 0) throw new Error(`tar: ${ran.stderr.toString()}`);
  return ran.stdout;
}

/** The same tree as an OCI layout of one layer. */
export function ociOf(folder: string, layout: string): string {
  const maker = new OciMaker(layout);
  maker.add(maker.image([packed(folder)], { compression: "zstd", created: OCI_CREATED }), "latest");
  return layout;
}

/** What a core image is made of, with all that its modules need; the lists go along. */
function neededModules(): string[] {
  const needs = new Map(
    readFileSync(join(smallLive().rootfs, MODULES, "moddep.lst"), "utf8")
      .split("\n")
      .map((line) => {
        const [name = "", ...others] = line.split(/[: ]+/).filter((word) => word !== "");
        return [name, others] as const;
      }),
  );
  const wanted = new Set(["biosdisk", "part_gpt", "iso9660", "normal"]);
  for (const name of wanted) for (const other of needs.get(name) ?? []) wanted.add(other);
  return [
    ...["kernel", "cdboot", "diskboot", "lzma_decompress", "boot_hybrid"].map((name) => `${name}.img`),
    ...[...wanted].map((name) => `${name}.mod`),
    "moddep.lst",
  ];
}
