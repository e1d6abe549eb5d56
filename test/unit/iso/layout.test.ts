import { describe, expect, test } from "bun:test";
import type { Plan } from "../../../internal/contract/plan/plan.ts";
import { markerPath, planLayout } from "../../../internal/iso/iso-files.ts";
import type { IsoFile } from "../../../internal/iso/layout.ts";
import { plan } from "../../helpers/plan.ts";

describe("planLayout", () => {
  const inputs = {
    piece: (name: string) => ({ path: `/work/${name}` }),
    rootfs: { path: "/made/squashfs" },
    espImage: { path: "/made/esp" },
    efiConfig: { path: "/made/efi.cfg" },
    stubConfig: { path: "/made/stub.cfg" },
    loopbackConfig: { path: "/made/loopback.cfg" },
    bios: { image: { path: "/made/bios" }, config: { path: "/made/bios.cfg" } },
    discinfo: { bytes: Buffer.from("the .discinfo") },
    diskInfo: { bytes: Buffer.from("the info") },
  };
  const filesOf = (changes: Partial<Plan> = {}) => {
    const { files } = planLayout({ ...plan(), ...changes }, inputs, { strictGpt: false });
    const shown = ({ content }: IsoFile) => {
      if ("range" in content) return content.range.file.path;
      return "path" in content ? content.path : new TextDecoder().decode(content.bytes);
    };
    return Object.fromEntries(files.map((file) => [file.isoPath, shown(file)]));
  };
  const marker = markerPath(plan().uuid);

  test("everything that the contract asks for is there, and nothing else", () => {
    expect(filesOf()).toEqual({
      "/.discinfo": "the .discinfo",
      "/.disk/info": "the info",
      [marker]: `${plan().uuid}\n`,
      "/EFI/BOOT/BOOTX64.EFI": "/work/image/shim.efi",
      "/EFI/BOOT/grubx64.efi": "/work/image/grub.efi",
      "/EFI/BOOT/mmx64.efi": "/work/image/mm.efi",
      "/EFI/BOOT/grub.cfg": "/made/efi.cfg",
      "/EFI/BOOT/fonts/unicode.pf2": "/work/image/unicode.pf2",
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

  test("the root file system has a place of its own", () => {
    const rootfs = { isoPath: "/LiveOS/squashfs.img", content: { path: "/made/squashfs" } };
    expect(planLayout(plan(), inputs, { strictGpt: false }).rootfs).toEqual(rootfs);
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
      espImage: { path: "/made/esp" },
      bios: { image: "/images/eltorito.img", hybridMbr: { path: "/work/image/i386-pc/boot_hybrid.img" } },
    });
  });
});
