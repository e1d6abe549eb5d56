import { describe, expect, test } from "bun:test";
import type { Plan } from "../../internal/contract/plan.ts";
import { markerPath, planLayout } from "../../internal/iso/iso-files.ts";
import { type IsoLayout, volumeTime, xorrisoArguments } from "../../internal/iso/layout.ts";
import { plan } from "../helpers/plan.ts";

const LAYOUT: IsoLayout = {
  volumeId: "MY_OS",
  time: 1_700_000_000,
  uuid: "12345678-9abc-8def-8123-456789abcdef",
  files: [
    { isoPath: "/EFI/BOOT/grub.cfg", hostPath: "/work/grub/grub-efi.cfg" },
    { isoPath: "/LiveOS/squashfs.img", hostPath: "/work/squashfs.img" },
  ],
  bios: { image: "/images/eltorito.img", hybridMbr: "/work/boot_hybrid.img" },
  espImage: "/work/efiboot.img",
  strictGpt: false,
};

/** One option and its values a line, as osbuild's tests have them. */
const BEFORE = [
  ...["-pacifier", "interval=0.1", "-fs", "1m", "-as", "mkisofs", "-quiet"],
  ...["-iso-level", "3", "-r", "-J", "-joliet-long"],
  ...["-V", "MY_OS", "-sysid", "LINUX"],
  ...["--modification-date=2023111422132000"],
  ...["--set_all_file_dates", "2023111422132000"],
  ...["--gpt_disk_guid", "12345678-9abc-8def-8123-456789abcdef"],
  ...["-partition_offset", "16"],
  ...["-iso_mbr_part_type", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"],
  ...["-append_partition", "2", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "/work/efiboot.img"],
  ...["-appended_part_as_gpt"],
];
const BIOS = [
  ...["--grub2-mbr", "/work/boot_hybrid.img"],
  ...["-b", "images/eltorito.img", "-no-emul-boot", "-boot-load-size", "4"],
  ...["-boot-info-table", "--grub2-boot-info", "-eltorito-alt-boot"],
];
const AFTER = [
  ...["-e", "--interval:appended_partition_2:all::", "-no-emul-boot"],
  ...["-graft-points"],
  ...["/EFI/BOOT/grub.cfg=/work/grub/grub-efi.cfg", "/LiveOS/squashfs.img=/work/squashfs.img"],
];

describe("xorrisoArguments", () => {
  test("for BIOS and UEFI", () => {
    expect(xorrisoArguments(LAYOUT)).toEqual([
      ...BEFORE,
      "--mbr-force-bootable",
      ...["-c", "boot.catalog"],
      ...BIOS,
      ...AFTER,
    ]);
  });

  test("for UEFI alone: nothing of BIOS is left", () => {
    expect(xorrisoArguments({ ...LAYOUT, bios: undefined })).toEqual([
      ...BEFORE,
      "--mbr-force-bootable",
      ...["-c", "boot.catalog"],
      ...AFTER,
    ]);
  });

  test("--strict-gpt leaves out the active entry and nothing else", () => {
    const all = xorrisoArguments(LAYOUT);
    const strict = xorrisoArguments({ ...LAYOUT, strictGpt: true });
    expect(strict).toEqual(all.filter((argument) => argument !== "--mbr-force-bootable"));
    expect(strict).toHaveLength(all.length - 1);
  });

  test("a graft point has one equals sign of its own; those of names and backslashes are escaped", () => {
    const files = [{ isoPath: "/a=b\\c", hostPath: "/work/=x\\y" }];
    expect(xorrisoArguments({ ...LAYOUT, files }).at(-1)).toBe("/a\\=b\\\\c=/work/\\=x\\\\y");
  });
});

test.each([
  [0, "1970010100000000"],
  [1_700_000_000, "2023111422132000"],
  [2 ** 32 - 1, "2106020706281500"],
])("%i is %s in a volume descriptor", (seconds, text) => {
  expect(volumeTime(seconds)).toBe(text);
});

describe("planLayout", () => {
  const inputs = {
    file: (name: string) => `/work/${name}`,
    squashfs: "/made/squashfs",
    biosImage: "/made/bios",
    efiImage: "/made/esp",
    efiConfig: "/made/efi.cfg",
    biosConfig: "/made/bios.cfg",
    stubConfig: "/made/stub.cfg",
    loopbackConfig: "/made/loopback.cfg",
    discinfo: "/made/discinfo",
    diskInfo: "/made/disk-info",
    marker: "/made/marker",
  };
  const filesOf = (changes: Partial<Plan> = {}) => {
    const { files } = planLayout({ ...plan(), ...changes }, inputs, { strictGpt: false });
    return Object.fromEntries(files.map(({ isoPath, hostPath }) => [isoPath, hostPath]));
  };
  const marker = markerPath(plan().uuid);

  test("everything that the contract asks for is there, and nothing else", () => {
    expect(filesOf()).toEqual({
      "/.discinfo": "/made/discinfo",
      "/.disk/info": "/made/disk-info",
      [marker]: "/made/marker",
      "/EFI/BOOT/BOOTX64.EFI": "/work/image/shim.efi",
      "/EFI/BOOT/grubx64.efi": "/work/image/grub.efi",
      "/EFI/BOOT/mmx64.efi": "/work/image/mm.efi",
      "/EFI/BOOT/grub.cfg": "/made/efi.cfg",
      "/EFI/BOOT/fonts/unicode.pf2": "/work/image/unicode.pf2",
      "/LiveOS/squashfs.img": "/made/squashfs",
      "/boot/grub/grub.cfg": "/made/stub.cfg",
      "/boot/grub/loopback.cfg": "/made/loopback.cfg",
      "/boot/grub2/grub.cfg": "/made/bios.cfg",
      "/boot/grub2/i386-pc/iso9660.mod": "/work/image/i386-pc/iso9660.mod",
      "/boot/grub2/i386-pc/moddep.lst": "/work/image/i386-pc/moddep.lst",
      "/images/eltorito.img": "/made/bios",
      "/images/pxeboot/vmlinuz": "/work/image/vmlinuz",
      "/images/pxeboot/initrd.img": "/work/image/initrd.img",
    });
  });

  test("in order of the paths, whatever the order of the pieces", () => {
    const paths = planLayout(plan(), inputs, { strictGpt: false }).files.map(({ isoPath }) => isoPath);
    expect(paths).toEqual(paths.toSorted());
    const { bios } = plan();
    const reversed = { ...plan(), bios: { ...bios!, modules: bios!.modules.toReversed() } };
    expect(planLayout(reversed, inputs, { strictGpt: false })).toEqual(
      planLayout(plan(), inputs, { strictGpt: false }),
    );
  });

  test("without MOK manager and font they are left out", () => {
    const all = Object.keys(filesOf());
    const { efi } = plan();
    expect(Object.keys(filesOf({ efi: { ...efi, mm: null }, font: null }))).toEqual(
      all.filter((path) => !/mmx64|unicode/.test(path)),
    );
  });

  test("without BIOS nothing of it is there", () => {
    const files = filesOf({ bios: null });
    expect(Object.keys(files).filter((path) => /grub2|eltorito/.test(path))).toEqual([]);
    expect(planLayout({ ...plan(), bios: null }, inputs, { strictGpt: true })).toMatchObject({
      bios: undefined,
      strictGpt: true,
    });
  });

  test("on aarch64 the EFI binaries have the names that its firmware looks for", () => {
    const names = Object.keys(filesOf({ architecture: "aarch64", bios: null })).filter((path) =>
      /\.efi$/i.test(path),
    );
    expect(names).toEqual(["/EFI/BOOT/BOOTAA64.EFI", "/EFI/BOOT/grubaa64.efi", "/EFI/BOOT/mmaa64.efi"]);
  });

  test("label, time and identity are the plan's", () => {
    expect(planLayout(plan(), inputs, { strictGpt: false })).toMatchObject({
      volumeId: plan().label,
      time: plan().time,
      uuid: plan().uuid,
      espImage: "/made/esp",
      bios: { image: "/images/eltorito.img", hybridMbr: "/work/image/i386-pc/boot_hybrid.img" },
    });
  });
});
