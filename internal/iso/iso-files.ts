import { efiSuffix, removableLoader } from "../contract/architecture.ts";
import type { Plan } from "../contract/plan.ts";
import { INITRD_PATH, KERNEL_PATH } from "../grub/menu.ts";
import type { IsoFile, IsoLayout } from "./layout.ts";

/** Host paths of what the stages made. */
export interface IsoInputs {
  /** Host path of a file of the work directory. */
  file: (name: string) => string;
  squashfs: string;
  biosImage: string;
  efiImage: string;
  efiConfig: string;
  biosConfig: string;
  stubConfig: string;
  loopbackConfig: string;
  discinfo: string;
  diskInfo: string;
  marker: string;
}

/** Path on the ISO of a file that only this build has: the menu finds its medium by it. */
export function markerPath(uuid: string): string {
  return `/.disk/${uuid}.uuid`;
}

/** The layout of the ISO that a plan asks for. */
export function planLayout(plan: Plan, inputs: IsoInputs, partitions: { strictGpt: boolean }): IsoLayout {
  const { file } = inputs;
  const suffix = efiSuffix(plan.architecture);
  const files: IsoFile[] = [
    { isoPath: "/.discinfo", hostPath: inputs.discinfo },
    { isoPath: "/.disk/info", hostPath: inputs.diskInfo },
    { isoPath: markerPath(plan.uuid), hostPath: inputs.marker },
    { isoPath: `/EFI/BOOT/${removableLoader(plan.architecture)}`, hostPath: file(plan.efi.shim.file) },
    { isoPath: `/EFI/BOOT/grub${suffix}.efi`, hostPath: file(plan.efi.grub.file) },
    { isoPath: "/EFI/BOOT/grub.cfg", hostPath: inputs.efiConfig },
    { isoPath: "/LiveOS/squashfs.img", hostPath: inputs.squashfs },
    { isoPath: "/boot/grub/grub.cfg", hostPath: inputs.stubConfig },
    { isoPath: "/boot/grub/loopback.cfg", hostPath: inputs.loopbackConfig },
    { isoPath: KERNEL_PATH, hostPath: file(plan.kernel.vmlinuz.file) },
    { isoPath: INITRD_PATH, hostPath: file(plan.kernel.initramfs.file) },
  ];
  if (plan.efi.mm !== null)
    files.push({ isoPath: `/EFI/BOOT/mm${suffix}.efi`, hostPath: file(plan.efi.mm.file) });
  if (plan.font !== null)
    files.push({ isoPath: "/EFI/BOOT/fonts/unicode.pf2", hostPath: file(plan.font.file) });
  if (plan.bios !== null) {
    files.push({ isoPath: "/boot/grub2/grub.cfg", hostPath: inputs.biosConfig });
    files.push({ isoPath: BIOS_IMAGE_PATH, hostPath: inputs.biosImage });
    for (const module of plan.bios.modules) {
      const name = module.file.split("/").pop()!;
      if (name.endsWith(".img")) continue;
      files.push({ isoPath: `/boot/grub2/i386-pc/${name}`, hostPath: file(module.file) });
    }
  }
  return {
    volumeId: plan.label,
    time: plan.time,
    uuid: plan.uuid,
    files: files.sort((a, b) => (a.isoPath < b.isoPath ? -1 : 1)),
    bios:
      plan.bios === null
        ? undefined
        : { image: BIOS_IMAGE_PATH, hybridMbr: file("image/i386-pc/boot_hybrid.img") },
    espImage: inputs.efiImage,
    strictGpt: partitions.strictGpt,
  };
}

const BIOS_IMAGE_PATH = "/images/eltorito.img";
