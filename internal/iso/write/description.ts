import type { FileRange } from "../../bytes/byte-range.ts";
/** The ISO layout with all sizes, which determine every sector. */

/** The content of a file: on the host, in memory, or already in the output file. Sizes are in bytes. */
export type SizedContent =
  | { path: string; size: number }
  | { range: FileRange }
  | { bytes: Uint8Array }
  | { inPlace: number };

export interface SizedFile {
  /** Absolute path on the ISO. */
  isoPath: string;
  content: SizedContent;
}

export interface IsoDescription {
  volumeId: string;
  /** Seconds since 1970. */
  time: number;
  /** GUID of the disk. */
  uuid: string;
  /** The file whose bytes begin at `ROOTFS_OFFSET`. */
  rootfs: SizedFile | undefined;
  files: readonly SizedFile[];
  bios:
    | {
        /** Path of the El Torito image, a file in memory. */
        image: string;
        /** GRUB's `boot_hybrid.img`. */
        code: Uint8Array;
      }
    | undefined;
  esp: SizedContent;
  strictGpt: boolean;
}

/** The length of a content in bytes. */
export function sizeOf(content: SizedContent): number {
  if ("bytes" in content) return content.bytes.length;
  if ("range" in content) return content.range.length;
  return "inPlace" in content ? content.inPlace : content.size;
}
