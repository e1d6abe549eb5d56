/** ISOs of other tools and of other hands: each boots, so verify must find no problem in it. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeFatImage } from "../../../internal/fat/write.ts";
import { openFileSource } from "../../../internal/files/byte-source.ts";
import { verifyIso } from "../../../internal/verify/verify.ts";
import type { CheckCode, VerifyReport } from "../../../internal/verify/verify-report.ts";
import { EFI_FILES, makeIso, makeTree, put, run, temporaryFolder } from "../../helpers/verify/fixture.ts";

setDefaultTimeout(300_000);

const folder = temporaryFolder("verify-foreign");
afterAll(() => rmSync(folder, { recursive: true }));
const base = makeTree(folder);
const at = (name: string) => join(folder, name);
const ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
const DATA_TYPE = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";

async function verify(path: string): Promise<VerifyReport> {
  await using source = await openFileSource(path);
  return await verifyIso(source);
}

function codesOf(report: VerifyReport): string[] {
  return report.checks.flatMap(({ problems }) =>
    problems.map(({ code, severity }) => `${severity ?? "problem"} ${code}`),
  );
}

const statusOf = (report: VerifyReport, code: CheckCode) =>
  report.checks.find((check) => check.code === code)?.status;

describe("grub-mkrescue", () => {
  const root = at("rescue");
  put(root, { "boot/grub/grub.cfg": "menuentry x { linux /vmlinuz }\n", vmlinuz: "a kernel" });

  test.each([
    ["i386-pc", "/usr/lib/grub/i386-pc", "ok", "absent"],
    ["x86_64-efi", "/usr/lib/grub/x86_64-efi", "absent", "ok"],
  ])("%s alone", async (name, modules, bios, uefi) => {
    const iso = at(`rescue-${name}.iso`);
    run(["grub-mkrescue", "-d", modules, "-o", iso, root]);
    const report = await verify(iso);
    expect(codesOf(report)).toEqual([]);
    expect(statusOf(report, "bios-image")).toBe(bios as "ok");
    expect(statusOf(report, "esp")).toBe(uefi as "ok");
  });
});

describe("xorriso adds a file", () => {
  const sound = makeIso(base);
  put(folder, { "ks.cfg": "text\n" });

  test("-indev and -outdev, as mkksiso does it", async () => {
    const iso = at("replay.iso");
    run([
      "xorriso",
      "-indev",
      sound,
      "-outdev",
      iso,
      "-boot_image",
      "any",
      "replay",
      "-map",
      at("ks.cfg"),
      "/ks.cfg",
    ]);
    const report = await verify(iso);
    expect(codesOf(report)).toEqual([]);
    expect(statusOf(report, "bios-image")).toBe("ok");
    expect(statusOf(report, "gpt")).toBe("ok");
  });

  test("-dev, as a session of its own in the same file", async () => {
    const iso = at("session.iso");
    copyFileSync(sound, iso);
    run(["xorriso", "-dev", iso, "-boot_image", "any", "replay", "-map", at("ks.cfg"), "/ks.cfg"]);
    expect(codesOf(await verify(iso))).toEqual([]);
  });
});

test("zeros after the end of the ISO are padding, up to a limit", async () => {
  const sound = readFileSync(makeIso(base));
  const iso = at("padded.iso");
  writeFileSync(iso, Buffer.concat([sound, Buffer.alloc(300 * 1024)]));
  expect(codesOf(await verify(iso))).toEqual([]);
  writeFileSync(iso, Buffer.concat([sound, Buffer.alloc(17 * 1024 * 1024)]));
  expect(codesOf(await verify(iso))).toEqual(["problem size-trailing"]);
});

/** An EFI system partition of some files, written without a label or with one. */
function espImage(files: Record<string, Uint8Array>, label: string | undefined): string {
  const path = at(`esp-${Object.keys(files).length}-${label}.img`);
  const content = Object.entries(files).map(([name, bytes]) => ({ path: name, content: bytes }));
  writeFileSync(path, writeFatImage(content, { label: label ?? "LABEL-OFF", volumeId: 7, time: 1.7e9 }));
  if (label === undefined) run(["fatlabel", path, "--reset"]);
  return path;
}

test("osbuild's arguments: an EFI system partition without a label is a warning", async () => {
  const tree = at("osbuild");
  cpSync(base.tree, tree, { recursive: true });
  const esp = espImage(base.esp, undefined);
  copyFileSync(esp, join(tree, "images/efiboot.img"));
  const iso = at("osbuild.iso");
  run([
    ...["xorrisofs", "-quiet", "-iso-level", "3", "-sysid", "LINUX", "-V", "TEST-LABEL", "-rock", "-joliet"],
    ...["-joliet-long", "--grub2-mbr", "/usr/lib/grub/i386-pc/boot_hybrid.img", "-partition_offset", "16"],
    ...["-appended_part_as_gpt", "-append_partition", "2", ESP_TYPE, esp, "-iso_mbr_part_type", DATA_TYPE],
    ...["-c", "boot.cat", "--boot-catalog-hide", "-b", "images/eltorito.img", "-no-emul-boot"],
    ...["-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info", "-eltorito-alt-boot"],
    ...["-e", "--interval:appended_partition_2:all::", "-no-emul-boot", "-o", iso, tree],
  ]);
  const report = await verify(iso);
  expect(codesOf(report)).toEqual(["warning esp-label"]);
  expect(report.ok).toBe(true);
});

describe("titanoboa's layout: shim starts fbx64.efi", () => {
  const shim = readFileSync(EFI_FILES["EFI/BOOT/BOOTX64.EFI"]!);
  const grub = readFileSync(EFI_FILES["EFI/BOOT/grubx64.efi"]!);

  async function titanoboa(
    fallback: Uint8Array,
    more: Record<string, Uint8Array> = {},
  ): Promise<VerifyReport> {
    const tree = at("titanoboa");
    rmSync(tree, { recursive: true, force: true });
    cpSync(base.tree, tree, { recursive: true });
    for (const gone of ["boot", "images/eltorito.img", "EFI/BOOT/grubx64.efi"])
      rmSync(join(tree, gone), { recursive: true });
    const esp = espImage(
      {
        "EFI/BOOT/BOOTX64.EFI": shim,
        "EFI/BOOT/fbx64.efi": fallback,
        "EFI/BOOT/grub.cfg": base.esp["EFI/BOOT/grub.cfg"]!,
        ...more,
      },
      "TEST-LABEL",
    );
    const iso = at("titanoboa.iso");
    run([
      ...["xorrisofs", "-quiet", "-iso-level", "3", "-R", "-J", "-joliet-long", "-V", "TEST-LABEL"],
      ...["-partition_offset", "16", "-appended_part_as_gpt", "-append_partition", "2", ESP_TYPE, esp],
      ...["-iso_mbr_part_type", DATA_TYPE, "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"],
      ...["-o", iso, tree],
    ]);
    return await verify(iso);
  }

  test("GRUB under that name, and the ISO's label on the partition", async () => {
    const report = await titanoboa(grub);
    expect(codesOf(report)).toEqual(["warning esp-label"]);
    expect(report.ok).toBe(true);
  });

  test("a program that is not GRUB: shim's own fallback does not serve on removable media", async () => {
    const report = await titanoboa(readFileSync("/usr/lib/shim/fbx64.efi.signed"));
    expect(codesOf(report)).toEqual(["problem shim-second-stage", "warning esp-label"]);
    const both = await titanoboa(readFileSync("/usr/lib/shim/fbx64.efi.signed"), {
      "EFI/BOOT/grubx64.efi": grub,
    });
    expect(codesOf(both)).toEqual(["warning shim-fallback", "warning esp-label"]);
  });
});

test("Debian's installer: isohybrid with isolinux, whose GPT is not announced and overlaps", async () => {
  const tree = at("netinst");
  const esp = writeFatImage(
    [
      { path: "EFI/BOOT/BOOTX64.EFI", content: base.esp["EFI/BOOT/BOOTX64.EFI"]! },
      { path: "EFI/BOOT/grubx64.efi", content: base.esp["EFI/BOOT/grubx64.efi"]! },
    ],
    { label: "DEB-ESP", volumeId: 7, time: 1.7e9 },
  );
  put(tree, {
    "isolinux/isolinux.bin": readFileSync("/usr/lib/ISOLINUX/isolinux.bin"),
    "isolinux/isolinux.cfg": "default x\nlabel x\n kernel /install.amd/vmlinuz\n",
    "install.amd/vmlinuz": "a kernel",
    "install.amd/initrd.gz": Bun.gzipSync("x"),
    "boot/grub/grub.cfg":
      "menuentry Install {\n linux /install.amd/vmlinuz vga=788 --- quiet\n initrd /install.amd/initrd.gz\n}\n",
    "boot/grub/efi.img": esp,
  });
  const iso = at("netinst.iso");
  run([
    ...[
      "xorriso",
      "-as",
      "mkisofs",
      "-quiet",
      "-r",
      "-V",
      "Debian 12.0.0 amd64 n",
      "-J",
      "-joliet-long",
      "-o",
      iso,
    ],
    ...[
      "-isohybrid-mbr",
      "/usr/lib/ISOLINUX/isohdpfx.bin",
      "-b",
      "isolinux/isolinux.bin",
      "-c",
      "isolinux/boot.cat",
    ],
    ...[
      "-boot-load-size",
      "4",
      "-boot-info-table",
      "-no-emul-boot",
      "-eltorito-alt-boot",
      "-e",
      "boot/grub/efi.img",
    ],
    ...["-no-emul-boot", "-isohybrid-gpt-basdat", "-isohybrid-apm-hfsplus", tree],
  ]);
  const report = await verify(iso);
  expect(codesOf(report)).toEqual([]);
  for (const code of ["bios-image", "mbr", "gpt", "esp", "efi-programs"] as const)
    expect([code, statusOf(report, code)]).toEqual([code, "ok"]);
});
