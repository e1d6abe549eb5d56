/** One file or folder of the ISO, and where its bytes are on the host. */
export interface IsoFile {
  /** Absolute path on the ISO. */
  isoPath: string;
  hostPath: string;
}

/** A whole ISO as data: what is on it, what boots, how it is partitioned, its ids and times. */
export interface IsoLayout {
  /** Volume id: what `CDLABEL=` finds. */
  volumeId: string;
  /** Seconds since 1970: every time on the ISO. */
  time: number;
  /** UUID from which the GPT's GUIDs are made. */
  uuid: string;
  /** Files and folders, in order of their path. */
  files: readonly IsoFile[];
  /** BIOS boot; undefined on an ISO that boots on UEFI alone. */
  bios:
    | {
        /** Path on the ISO of the El Torito image. */
        image: string;
        /** Host path of GRUB's `boot_hybrid.img`: the code in the first sector, for BIOS from USB. */
        hybridMbr: string;
      }
    | undefined;
  /** Host path of the FAT image that becomes the EFI system partition. */
  espImage: string;
  /** Leaves out the active MBR entry that some BIOSes ask for. */
  strictGpt: boolean;
}

/** GPT type of an EFI system partition (UEFI specification 2.10, table 5.7). */
export const ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
/** GPT type of the partition that shows the ISO file system: "Microsoft basic data". */
export const ISO_PARTITION_TYPE = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";

/**
 * The layout as arguments of `xorriso`, which then writes the ISO to standard output, once and in order.
 * `-no_rc` cannot be combined with standard output (xorriso wants either to be the first argument): a user's
 * `~/.xorrisorc` is kept out by an environment without HOME.
 */
export function xorrisoArguments(layout: IsoLayout): string[] {
  // It looks whether all is written only as often as it would report progress: by default once a second.
  const args = ["-pacifier", "interval=0.1"];
  // All that it writes goes through this buffer: one of a mebibyte stays in the processor's cache, and 4 do not.
  args.push("-fs", "1m", "-as", "mkisofs", "-quiet");
  args.push("-iso-level", "3", "-r", "-J", "-joliet-long");
  args.push("-V", layout.volumeId, "-sysid", "LINUX");
  args.push(
    `--modification-date=${volumeTime(layout.time)}`,
    "--set_all_file_dates",
    volumeTime(layout.time),
  );
  args.push("--gpt_disk_guid", layout.uuid);
  args.push("-partition_offset", "16", "-iso_mbr_part_type", ISO_PARTITION_TYPE);
  args.push("-append_partition", "2", ESP_TYPE, layout.espImage, "-appended_part_as_gpt");
  if (!layout.strictGpt) args.push("--mbr-force-bootable");
  args.push("-c", "boot.catalog");
  if (layout.bios !== undefined) {
    args.push("--grub2-mbr", layout.bios.hybridMbr);
    args.push("-b", layout.bios.image.slice(1), "-no-emul-boot", "-boot-load-size", "4");
    args.push("-boot-info-table", "--grub2-boot-info", "-eltorito-alt-boot");
  }
  args.push("-e", "--interval:appended_partition_2:all::", "-no-emul-boot");
  args.push("-graft-points");
  args.push(...layout.files.map(({ isoPath, hostPath }) => `${graft(isoPath)}=${graft(hostPath)}`));
  return args;
}

/** `YYYYMMDDhhmmsscc` in UTC, as ECMA-119 8.4.26.1 orders it. */
export function volumeTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace(/[-:T]/g, "").slice(0, 14)}00`;
}

/** `=` parts the two sides of a graft point, `\` escapes. */
function graft(path: string): string {
  return path.replace(/[\\=]/g, "\\$&");
}
