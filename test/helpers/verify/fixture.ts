/** ISOs for the tests of the reader, made by xorriso in the layout of the contract. */
import { expect } from "bun:test";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeFatImage } from "../../../internal/fat/write.ts";
import { type ByteSource, memorySource } from "../../../internal/files/byte-source.ts";
import type { Expected } from "../../../internal/verify/verify-content.ts";
import { writeIsoOf } from "../images/iso-trees.ts";
import { writtenTo } from "../squashfs-run.ts";

/** An ISO in memory whose reading fails if much more is read than the ISO has. */
export function limitedSource(bytes: Uint8Array): ByteSource {
  const source = memorySource(bytes);
  let read = 0;
  return {
    size: source.size,
    read: (offset, length) => {
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(length).toBeGreaterThanOrEqual(0);
      read += Math.min(length, source.size);
      if (read > 20 * source.size + 2e8) throw new Error("reads without end");
      return source.read(offset, length);
    },
  };
}

export const LABEL = "TEST-LABEL";
const MARKER = "/.platter-0123";
const ESP_GUID = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const DATA_GUID = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";
const GRUB_PC = "/usr/lib/grub/i386-pc";

export const EFI_FILES: Record<string, string> = {
  "EFI/BOOT/BOOTX64.EFI": "/usr/lib/shim/shimx64.efi.signed",
  "EFI/BOOT/grubx64.efi": "/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
  "EFI/BOOT/mmx64.efi": "/usr/lib/shim/mmx64.efi.signed",
};

export const MENU = `set default="0"
set timeout=5
if search --no-floppy --set=root --file ${MARKER}; then
	set found=file
else
	search --no-floppy --set=root -l '${LABEL}'
fi
if loadfont /EFI/BOOT/fonts/none.pf2; then terminal_output gfxterm; fi
menuentry 'Install "it" {now}' --class gnu-linux {
	linux /images/pxeboot/vmlinuz root=live:CDLABEL=${LABEL} rd.live.image quiet
	initrd /images/pxeboot/initrd.img
}
`;

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `platter-${name}-`));
}

export function run(command: string[], options: { stdin?: string } = {}): void {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    stdin: options.stdin === undefined ? "ignore" : Bun.file(options.stdin),
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8" },
  });
  if (exitCode !== 0) throw new Error(`${command.join(" ")} gave ${exitCode}:\n${stdout}${stderr}`);
}

/** Bytes that do not repeat. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

export function put(tree: string, files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
}

/** A root file system with more than one block of inodes, fragments and extended attributes. */
export function makeSquashfs(folder: string, flags = ["-comp", "zstd", "-exports"]): string {
  const root = join(folder, "root");
  const files: Record<string, string | Uint8Array> = { "usr/big": noise(700_000), "proc/none": "" };
  for (let n = 0; n < 600; n++) files[`usr/share/some/file-${n}`] = `content of ${n}\n`;
  put(root, files);
  const tar = join(folder, "root.tar");
  run([
    "tar",
    "--format=pax",
    "--pax-option=SCHILY.xattr.user.note:=value",
    "-cf",
    tar,
    "-C",
    root,
    "usr",
    "proc",
  ]);
  const image = join(folder, "squashfs.img");
  const command = ["mksquashfs", "-", image, "-tar", "-noappend", "-quiet", "-no-progress", ...flags];
  run(command, { stdin: tar });
  return image;
}

export interface Tree {
  folder: string;
  /** The ISO's own tree. */
  tree: string;
  /** What goes into the EFI system partition. */
  esp: Record<string, Uint8Array>;
}

/** The contract's tree, with short dummies for what is not read. */
export function makeTree(folder: string): Tree {
  const tree = join(folder, "tree");
  const esp: Record<string, Uint8Array> = { "EFI/BOOT/grub.cfg": Buffer.from(MENU) };
  for (const [path, from] of Object.entries(EFI_FILES)) esp[path] = readFileSync(from);
  put(tree, {
    ...esp,
    "images/pxeboot/vmlinuz": noise(300_000, 2),
    "images/pxeboot/initrd.img": noise(500_001, 3),
    "boot/grub2/grub.cfg": MENU,
    "boot/grub/grub.cfg": "configfile /EFI/BOOT/grub.cfg\n",
    ".discinfo": "1\nTest\nx86_64\n",
    ".disk/info": "Test\n",
    [MARKER.slice(1)]: "",
  });
  mkdirSync(join(tree, "boot/grub2/i386-pc"));
  for (const name of ["iso9660.mod", "part_gpt.mod", "biosdisk.mod", "moddep.lst"]) {
    copyFileSync(join(GRUB_PC, name), join(tree, "boot/grub2/i386-pc", name));
  }
  const core = join(tree, "images/eltorito.img");
  run([
    "grub-mkimage",
    "-O",
    "i386-pc-eltorito",
    "-p",
    "/boot/grub2",
    "-o",
    core,
    "biosdisk",
    "part_gpt",
    "iso9660",
  ]);
  mkdirSync(join(tree, "LiveOS"));
  copyFileSync(makeSquashfs(folder), join(tree, "LiveOS/squashfs.img"));
  return { folder, tree, esp };
}

let count = 0;

/** Makes the ISO; `change` may alter tree and partition before. */
export function makeIso(
  base: Tree,
  options: { change?: (tree: Tree) => void; espLabel?: string; label?: string } = {},
): string {
  const folder = join(base.folder, `iso-${count++}`);
  const own: Tree = { folder, tree: join(folder, "tree"), esp: { ...base.esp } };
  cpSync(base.tree, own.tree, { recursive: true });
  options.change?.(own);
  const files = Object.entries(own.esp).map(([path, content]) => ({ path, content }));
  const image = writeFatImage(files, { label: options.espLabel ?? "PLATTER-ESP", volumeId: 7, time: 1.7e9 });
  const esp = join(folder, "efiboot.img");
  writeFileSync(esp, image);
  const iso = join(folder, "out.iso");
  run([
    ...["xorriso", "-no_rc", "-as", "mkisofs", "-quiet", "-iso-level", "3", "-r", "-J", "-joliet-long"],
    ...["-sysid", "LINUX", "-V", options.label ?? LABEL, "--grub2-mbr", join(GRUB_PC, "boot_hybrid.img")],
    ...["-partition_offset", "16", "-appended_part_as_gpt", "-append_partition", "2", ESP_GUID, esp],
    ...["-iso_mbr_part_type", DATA_GUID, "--mbr-force-bootable", "-c", "images/boot.cat"],
    ...[
      "-b",
      "images/eltorito.img",
      "-no-emul-boot",
      "-boot-load-size",
      "4",
      "-boot-info-table",
      "--grub2-boot-info",
    ],
    ...[
      "-eltorito-alt-boot",
      "-e",
      "--interval:appended_partition_2:all::",
      "-no-emul-boot",
      "-o",
      iso,
      own.tree,
    ],
  ]);
  return iso;
}

/** The same ISO by platter's own writer. */
export async function makeOwnIso(base: Tree): Promise<string> {
  const paths = readdirSync(base.tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const files = paths.map((path) => ({ isoPath: path.slice(base.tree.length), content: { path } }));
  const ROOTFS = "/LiveOS/squashfs.img";
  const rootfs = { isoPath: ROOTFS, content: { path: join(base.folder, "own.img") } };
  const options = { type: "squashfs", compression: "zstd", level: 9, blockSize: 131_072 } as const;
  await writtenTo(rootfs.content.path, { members: [{ name: "a", content: "text" }], options });
  const esp = Object.entries(base.esp).map(([path, content]) => ({ path, content }));
  const output = join(base.folder, "own.iso");
  await writeIsoOf(
    files.filter(({ isoPath }) => isoPath !== ROOTFS),
    {
      output,
      volumeId: LABEL,
      rootfs,
      bios: { image: "/images/eltorito.img", hybridMbr: { path: join(GRUB_PC, "boot_hybrid.img") } },
      espImage: { bytes: writeFatImage(esp, { label: "PLATTER-ESP", volumeId: 7, time: 1.7e9 }) },
      checksum: "leave",
    },
  );
  return output;
}

/** What a plan for this tree would say. */
export function expectedOf({ tree, esp }: Tree): Expected {
  const entry = (isoPath: string, content: Uint8Array) => ({
    isoPath,
    size: content.length,
    sha256: new Bun.CryptoHasher("sha256").update(content as Uint8Array<ArrayBuffer>).digest("hex"),
  });
  const paths = [
    "images/pxeboot/vmlinuz",
    "images/pxeboot/initrd.img",
    "LiveOS/squashfs.img",
    ...Object.keys(EFI_FILES),
  ];
  return {
    label: LABEL,
    files: paths.map((path) => entry(`/${path}`, readFileSync(join(tree, path)))),
    espFiles: Object.entries(esp).map(([path, content]) => entry(`/${path}`, content)),
  };
}

export function readIso(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}
