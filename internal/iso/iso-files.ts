import { PIECES, type Plan } from "../contract/plan/plan.ts";
import type { IsoContent, IsoFile, IsoLayout, RootfsContent } from "./layout.ts";
import { plannedFiles } from "./planned-files.ts";

/** The contents that the stages made. */
interface IsoInputs {
  /** The content of a piece of the image, by its name in the work directory. */
  piece: (name: string) => IsoContent;
  rootfs: RootfsContent;
  espImage: IsoContent;
  efiConfig: IsoContent;
  stubConfig: IsoContent;
  loopbackConfig: IsoContent;
  /** Undefined on an ISO that boots on UEFI alone. */
  bios: { image: IsoContent; config: IsoContent } | undefined;
  discinfo: IsoContent;
  diskInfo: IsoContent;
}

/** Path on the ISO of a file with a unique name, by which the menu finds its medium. */
export function markerPath(uuid: string): string {
  return `/.disk/${uuid}.uuid`;
}

/** The layout of the ISO for a plan. */
export function planLayout(plan: Plan, inputs: IsoInputs, partitions: { strictGpt: boolean }): IsoLayout {
  const { piece: pieceOf } = inputs;
  const bios = plan.bios === null ? undefined : inputs.bios;
  const files: IsoFile[] = [
    { isoPath: "/.discinfo", content: inputs.discinfo },
    { isoPath: "/.disk/info", content: inputs.diskInfo },
    { isoPath: markerPath(plan.uuid), content: { bytes: Buffer.from(`${plan.uuid}\n`) } },
    { isoPath: "/EFI/BOOT/grub.cfg", content: inputs.efiConfig },
    { isoPath: "/boot/grub/grub.cfg", content: inputs.stubConfig },
    { isoPath: "/boot/grub/loopback.cfg", content: inputs.loopbackConfig },
    ...plannedFiles(plan).map(({ isoPath, piece }) => ({ isoPath, content: pieceOf(piece.file) })),
  ];
  if (bios !== undefined) {
    files.push({ isoPath: "/boot/grub2/grub.cfg", content: bios.config });
    files.push({ isoPath: CORE_IMAGE_PATH, content: bios.image });
  }
  return {
    volumeId: plan.label,
    time: plan.time,
    uuid: plan.uuid,
    rootfs: { isoPath: ROOTFS_PATH, content: inputs.rootfs },
    files: files.sort((a, b) => (a.isoPath < b.isoPath ? -1 : 1)),
    bios: bios && { image: CORE_IMAGE_PATH, hybridMbr: pieceOf(`${PIECES.bios}/boot_hybrid.img`) },
    espImage: inputs.espImage,
    strictGpt: partitions.strictGpt,
  };
}

/** Path on the ISO of the core image of GRUB for BIOS. */
export const CORE_IMAGE_PATH = "/images/eltorito.img";
/** Path on the ISO of the root file system. */
export const ROOTFS_PATH = "/LiveOS/squashfs.img";
