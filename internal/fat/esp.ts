import { type Architecture, efiSuffix, removableLoader } from "../base/architecture.ts";
import type { FatFile } from "./fat-tree.ts";
import { writeFatImage } from "./write.ts";

/** The content of the EFI system partition. */
export interface EspContent {
  architecture: Architecture;
  shim: Uint8Array;
  grub: Uint8Array;
  mm: Uint8Array | undefined;
  font: Uint8Array | undefined;
  /** The menu. */
  config: string;
  /** The text that loads the menu, for builds of GRUB that look in `/boot/grub`. */
  stub: string;
}

/** The files of the partition, by their path in it. The ISO has the same files below `/EFI`. */
export function espFiles(content: EspContent): FatFile[] {
  const suffix = efiSuffix(content.architecture);
  const boot = "EFI/BOOT";
  const files: FatFile[] = [
    { path: `${boot}/${removableLoader(content.architecture)}`, content: content.shim },
    { path: `${boot}/grub${suffix}.efi`, content: content.grub },
    { path: `${boot}/grub.cfg`, content: Buffer.from(content.config) },
    { path: "boot/grub/grub.cfg", content: Buffer.from(content.stub) },
  ];
  if (content.mm !== undefined) files.push({ path: `${boot}/mm${suffix}.efi`, content: content.mm });
  if (content.font !== undefined) files.push({ path: `${boot}/fonts/unicode.pf2`, content: content.font });
  return files;
}

/** The partition's FAT label. Without one udev gives it the disk's, and `CDLABEL=` then finds this partition. */
const ESP_LABEL = "PLATTER-ESP";

/**
 * The partition's image, sized to its content.
 * @param about time in seconds since 1970; the serial number is derived from the build's UUID
 */
export function makeEsp(files: readonly FatFile[], options: { time: number; uuid: string }): Uint8Array {
  const volumeId = Number.parseInt(options.uuid.slice(0, 8), 16);
  return writeFatImage(files, { label: ESP_LABEL, volumeId, time: options.time });
}
