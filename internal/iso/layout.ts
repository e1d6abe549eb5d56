import type { FileRange } from "../bytes/byte-range.ts";

/** The content of a file: a file on the host, a part of an open file, or bytes in memory. */
export type IsoContent = { path: string } | { range: FileRange } | { bytes: Uint8Array };

/** A file of the ISO. */
export interface IsoFile {
  /** Absolute path on the ISO. */
  isoPath: string;
  content: IsoContent;
}

/** The root file system: a file on the host, or this many bytes of the output file, at `ROOTFS_OFFSET`. */
export type RootfsContent = { path: string } | { inPlace: number };

/** The root file system of the ISO. */
interface IsoRootfs {
  isoPath: string;
  content: RootfsContent;
}

/** A whole ISO as data: its files, its boot programs, its partitions, its ids and times. */
export interface IsoLayout {
  /** Volume id: the label that `CDLABEL=` finds. */
  volumeId: string;
  /** Seconds since 1970: every time on the ISO. */
  time: number;
  /** GUID of the disk. The GUIDs of the partitions are derived from it. */
  uuid: string;
  rootfs: IsoRootfs | undefined;
  /** All other files, in order of their path. */
  files: readonly IsoFile[];
  /** BIOS boot; undefined on an ISO that boots on UEFI alone. */
  bios:
    | {
        /** Path on the ISO of the El Torito image, which is among the files. */
        image: string;
        /** GRUB's `boot_hybrid.img`: the code in the first sector, for BIOS from USB. */
        hybridMbr: IsoContent;
      }
    | undefined;
  /** The FAT image that becomes the EFI system partition. */
  espImage: IsoContent;
  /** Omits the active MBR entry that some BIOSes require. */
  strictGpt: boolean;
}
