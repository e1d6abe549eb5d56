import { PIECES, type Plan } from "../contract/plan.ts";
import type { IsoContent, IsoFile, IsoLayout, IsoRootfs } from "./layout.ts";
import { plannedFiles } from "./planned-files.ts";

/** What the stages made: host paths, and the content of small files. */
export interface IsoInputs {
  /** Host path of a file of the work directory. */
  file: (name: string) => string;
  rootfs: IsoRootfs["content"];
  biosImage: string;
  efiImage: string;
  efiConfig: string;
  biosConfig: string;
  stubConfig: string;
  loopbackConfig: string;
  discinfo: IsoContent;
  diskInfo: IsoContent;
}

/** Path on the ISO of a file that only this build has: the menu finds its medium by it. */
export function markerPath(uuid: string): string {
  return `/.disk/${uuid}.uuid`;
}

/** The layout of the ISO that a plan asks for. */
export function planLayout(plan: Plan, inputs: IsoInputs, partitions: { strictGpt: boolean }): IsoLayout {
  const { file } = inputs;
  const made = (isoPath: string, path: string): IsoFile => ({ isoPath, content: { path } });
  const files: IsoFile[] = [
    { isoPath: "/.discinfo", content: inputs.discinfo },
    { isoPath: "/.disk/info", content: inputs.diskInfo },
    { isoPath: markerPath(plan.uuid), content: { bytes: Buffer.from(`${plan.uuid}\n`) } },
    made("/EFI/BOOT/grub.cfg", inputs.efiConfig),
    made("/boot/grub/grub.cfg", inputs.stubConfig),
    made("/boot/grub/loopback.cfg", inputs.loopbackConfig),
    ...plannedFiles(plan).map(({ isoPath, piece }) => made(isoPath, file(piece.file))),
  ];
  if (plan.bios !== null) {
    files.push(made("/boot/grub2/grub.cfg", inputs.biosConfig), made(BIOS_IMAGE_PATH, inputs.biosImage));
  }
  return {
    volumeId: plan.label,
    time: plan.time,
    uuid: plan.uuid,
    rootfs: { isoPath: ROOTFS_PATH, content: inputs.rootfs },
    files: files.sort((a, b) => (a.isoPath < b.isoPath ? -1 : 1)),
    bios:
      plan.bios === null
        ? undefined
        : { image: BIOS_IMAGE_PATH, hybridMbr: file(`${PIECES.bios}/boot_hybrid.img`) },
    espImage: { path: inputs.efiImage },
    strictGpt: partitions.strictGpt,
  };
}

const BIOS_IMAGE_PATH = "/images/eltorito.img";
const ROOTFS_PATH = "/LiveOS/squashfs.img";
