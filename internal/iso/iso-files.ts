import { PIECES, type Plan } from "../contract/plan.ts";
import type { IsoFile, IsoLayout } from "./layout.ts";
import { plannedFiles } from "./planned-files.ts";

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
  const files: IsoFile[] = [
    { isoPath: "/.discinfo", hostPath: inputs.discinfo },
    { isoPath: "/.disk/info", hostPath: inputs.diskInfo },
    { isoPath: markerPath(plan.uuid), hostPath: inputs.marker },
    { isoPath: "/EFI/BOOT/grub.cfg", hostPath: inputs.efiConfig },
    { isoPath: "/LiveOS/squashfs.img", hostPath: inputs.squashfs },
    { isoPath: "/boot/grub/grub.cfg", hostPath: inputs.stubConfig },
    { isoPath: "/boot/grub/loopback.cfg", hostPath: inputs.loopbackConfig },
    ...plannedFiles(plan).map(({ isoPath, piece }) => ({ isoPath, hostPath: file(piece.file) })),
  ];
  if (plan.bios !== null) {
    files.push({ isoPath: "/boot/grub2/grub.cfg", hostPath: inputs.biosConfig });
    files.push({ isoPath: BIOS_IMAGE_PATH, hostPath: inputs.biosImage });
  }
  return {
    volumeId: plan.label,
    time: plan.time,
    uuid: plan.uuid,
    files: files.sort((a, b) => (a.isoPath < b.isoPath ? -1 : 1)),
    bios:
      plan.bios === null
        ? undefined
        : { image: BIOS_IMAGE_PATH, hybridMbr: file(`${PIECES.bios}/boot_hybrid.img`) },
    espImage: inputs.efiImage,
    strictGpt: partitions.strictGpt,
  };
}

const BIOS_IMAGE_PATH = "/images/eltorito.img";
