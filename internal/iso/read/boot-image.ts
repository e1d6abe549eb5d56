import type { ProblemCode } from "../../bytes/problem-codes.ts";
/**
 * The image that a BIOS loads from a CD. ISO makers write its location into it: the boot-info-table (described in
 * mkisofs(8), "EL TORITO BOOT INFORMATION TABLE") and GRUB's own field.
 */

import { isZero, latin1, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { BOOT_INFO_TABLE, GRUB_BOOT_INFO, sumOfWords } from "../../iso-format/boot-info.ts";
import { SECTOR } from "../../iso-format/units.ts";
import type { BootEntry } from "./el-torito.ts";

export interface BootImage {
  loader: "grub" | "isolinux" | "unknown";
  /** Whether it has a boot-info-table. */
  bootInfo: boolean;
}

const MAX_IMAGE = 64 * 1024 * 1024;
const { offset: TABLE, length: TABLE_LENGTH } = BOOT_INFO_TABLE;
/** Offset of the root directory's extent in a volume descriptor (ECMA-119, 8.4.18, 9.1.3). */
const ROOT_EXTENT = 156 + 2;
const { offset: GRUB_FIELD, blocks: GRUB_SECTORS } = GRUB_BOOT_INFO;

/** Reads the image of a BIOS entry. `size` is the length of the file at that sector, if the tree has such a file. */
export async function readBootImage(
  source: ByteSource,
  entry: BootEntry,
  size: number | undefined,
): Promise<Reading<BootImage>> {
  const log = new ProblemLog();
  const start = entry.lba * SECTOR;
  const note = (code: ProblemCode, at: number, detail: string) =>
    log.note({ code, detail, offset: start + at });
  log.covers({ name: `${entry.name}: place`, start: entry.offset + 8, length: 4 });
  const head = await source.read(start, SECTOR * 2);
  if (entry.lba <= 16 || head.length < SECTOR || isZero(head.subarray(0, 512))) {
    note("boot-image", 0, `${entry.name} does not lead to a bootable image`);
    return log.reading<BootImage>({ loader: "unknown", bootInfo: false });
  }
  const loader = loaderOf(head);
  const view = viewOf(head);
  const [descriptor, place, length, checksum] = [0, 4, 8, 12].map((at) => view.getUint32(TABLE + at, true));
  const isDescriptor = descriptor === 16 || (await isSessionStart(source, descriptor!));
  const marks = [isDescriptor, place === entry.lba].filter(Boolean).length;
  if (marks === 0 && loader === "unknown") {
    if (size === undefined) {
      note("boot-image", 0, `${entry.name} leads neither to a file nor to an image that knows its place`);
    }
    return log.reading<BootImage>({ loader, bootInfo: false });
  }
  log.covers({ name: `boot-info-table of ${entry.name}`, start: start + TABLE, length: TABLE_LENGTH });
  if (marks < 2) note("boot-info-table", TABLE, `${entry.name} has a boot-info-table for another place`);
  if (!isZero(head.subarray(TABLE + 16, TABLE + TABLE_LENGTH))) {
    note(
      "boot-info-table",
      TABLE + 16,
      `${entry.name} has something in the reserved part of its boot-info-table`,
    );
  }
  const wanted = size ?? length!;
  if (length !== wanted) {
    note(
      "boot-info-table",
      TABLE + 8,
      `${entry.name} says it has ${length} bytes, but the file has ${wanted}`,
    );
  } else {
    await checkSum({ source, entry, log }, { length: wanted, checksum: checksum! });
  }
  if (loader === "grub") checkGrubField(head, { entry, log });
  return log.reading<BootImage>({ loader, bootInfo: true });
}

/**
 * Whether the sector holds the primary volume descriptor of a session of its own, such as a session that added files.
 * This descriptor has the same root directory as the last session's descriptor, which is at sector 16.
 */
async function isSessionStart(source: ByteSource, sector: number): Promise<boolean> {
  if (sector <= 16) return false;
  const other = await source.read(sector * SECTOR, SECTOR);
  if (other.length < SECTOR || other[0] !== 1 || latin1(other.subarray(1, 6)) !== "CD001") return false;
  const current = await source.read(16 * SECTOR, SECTOR);
  const rootOf = (descriptor: Uint8Array) => descriptor.subarray(ROOT_EXTENT, ROOT_EXTENT + 8);
  return Buffer.compare(rootOf(current), rootOf(other)) === 0;
}

/** The sum of all 32-bit words after the table. */
async function checkSum(
  image: { source: ByteSource; entry: BootEntry; log: ProblemLog },
  { length, checksum }: { length: number; checksum: number },
): Promise<void> {
  const { source, entry, log } = image;
  const start = entry.lba * SECTOR;
  const bytes = length > MAX_IMAGE ? new Uint8Array() : await source.read(start, length);
  if (bytes.length < length) {
    log.note({ code: "boot-image", detail: `${entry.name} is cut off`, offset: start });
    return;
  }
  const first = TABLE + TABLE_LENGTH;
  log.covers({ name: `image of ${entry.name}`, start: start + first, length: length - first });
  if (sumOfWords(bytes.subarray(first)) === checksum) return;
  const detail = `${entry.name} has an image with a wrong checksum`;
  log.note({ code: "boot-image-checksum", detail, offset: start + TABLE + 12 });
}

function checkGrubField(head: Uint8Array, { entry, log }: { entry: BootEntry; log: ProblemLog }): void {
  if (head.length < GRUB_FIELD + 8) return;
  const value = viewOf(head).getBigUint64(GRUB_FIELD, true);
  if (value === BigInt(entry.lba * 4 + GRUB_SECTORS)) return;
  const detail = `${entry.name} is GRUB, but does not know its place on the disk (grub2-boot-info)`;
  log.note({ code: "grub-boot-info", detail, offset: entry.lba * SECTOR + GRUB_FIELD });
}

/** GRUB's cdboot.S and ISOLINUX carry their names in their messages. */
function loaderOf(head: Uint8Array): BootImage["loader"] {
  const text = latin1(head);
  if (text.includes("ISOLINUX")) return "isolinux";
  return text.includes("cdrom read fails") ? "grub" : "unknown";
}
