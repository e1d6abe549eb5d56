/** The master boot record (UEFI 2.10, 5.2). */

import { isZero, latin1, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { GRUB_CORE_BLOCKS, MBR } from "../../iso-format/mbr.ts";
import { BLOCK } from "../../iso-format/units.ts";

interface MbrPartition {
  /** 1 to 4. */
  index: number;
  active: boolean;
  type: number;
  /** In blocks of 512 bytes. */
  start: number;
  blocks: number;
  /** Offset of the entry in the source. */
  offset: number;
}

export interface Mbr {
  partitions: MbrPartition[];
  /** The boot loader in the first sector. */
  loader: "grub" | "isolinux" | "unknown" | "none";
  /** Whether there is a 0xEE entry: a GPT follows. */
  protective: boolean;
}

const LOADER_POINTER = MBR.loaderPointer;

/** The type that xorriso and grub-mkrescue give the entry that protects an ISO without GPT. */
const PROTECTIVE_MSDOS = 0xcd;

/**
 * Reads the first block; undefined if the ISO's system area is empty, so that it is not a disk image. `volumeBlocks` is
 * the length of the volume in blocks by its descriptor. The file may have padding after it.
 */
export async function readMbr(
  source: ByteSource,
  { volumeBlocks }: { volumeBlocks?: number | undefined } = {},
): Promise<Reading<Mbr | undefined>> {
  const log = new ProblemLog();
  const bytes = await source.read(0, BLOCK);
  if (bytes.length < BLOCK || isZero(bytes)) return log.reading<Mbr | undefined>(undefined);
  const view = viewOf(bytes);
  log.covers({ name: "MBR signature", start: 510, length: 2 });
  if (view.getUint16(510, true) !== 0xaa55) {
    log.note({
      code: "mbr-signature",
      detail: "the first block is in use but has no MBR signature",
      offset: 510,
    });
  }
  const blocks = Math.floor(source.size / BLOCK);
  const partitions: MbrPartition[] = [];
  for (let index = 0; index < 4; index++) {
    const at = MBR.table + index * MBR.entry;
    const entry = bytes.subarray(at, at + MBR.entry);
    log.covers({ name: `MBR entry ${index + 1}: status`, start: at, length: 1 });
    if (entry[0] !== 0 && entry[0] !== 0x80) {
      log.note({
        code: "mbr-status",
        detail: `MBR entry ${index + 1} has an impossible status`,
        offset: at,
      });
    }
    if (isZero(entry)) continue;
    const partition: MbrPartition = {
      index: index + 1,
      active: entry[0] === 0x80,
      type: entry[4]!,
      start: view.getUint32(at + 8, true),
      blocks: view.getUint32(at + 12, true),
      offset: at,
    };
    partitions.push(partition);
    checkBounds(partition, { blocks, log });
  }
  const hasGpt = latin1(await source.read(BLOCK, 8)) === "EFI PART";
  for (const { index, type, start, blocks: count, offset } of partitions) {
    if (start !== 1 || count !== blocks - 1 || type === 0xee) continue;
    if (type === PROTECTIVE_MSDOS && !hasGpt) continue;
    const detail = `MBR entry ${index} protects a GPT by its place, but its type is 0x${type.toString(16)}`;
    log.note({ code: "mbr-gpt", detail, offset: offset + 4 });
  }
  const protective = partitions.some((partition) => partition.type === 0xee);
  if (protective) checkBesideGpt(partitions, { ends: [blocks, volumeBlocks ?? blocks], log });
  if (partitions.filter((partition) => partition.active).length > 1) {
    log.note({
      code: "mbr-active",
      detail: "the MBR has more than one active entry",
      offset: MBR.table,
    });
  }
  return log.reading<Mbr | undefined>({ partitions, loader: loaderOf(bytes), protective });
}

/** Checks that the code in the MBR has the right location of the BIOS boot image. Each loader stores it differently. */
export async function checkMbrLoader(
  source: ByteSource,
  mbr: Mbr,
  imageLba: number,
): Promise<Reading<undefined>> {
  const log = new ProblemLog();
  const view = viewOf(await source.read(LOADER_POINTER, 8));
  const wanted = mbr.loader === "grub" ? BigInt(imageLba * 4 + GRUB_CORE_BLOCKS) : BigInt(imageLba * 4);
  const isKnown = mbr.loader === "grub" || mbr.loader === "isolinux";
  if (!isKnown) return log.reading(undefined);
  const length = mbr.loader === "grub" ? 8 : 4;
  log.covers({ name: "MBR's pointer to the BIOS boot image", start: LOADER_POINTER, length });
  const value = mbr.loader === "grub" ? view.getBigUint64(0, true) : BigInt(view.getUint32(0, true));
  if (value !== wanted) {
    const detail = `the MBR looks for the BIOS boot image at block ${value}, it is at ${wanted}`;
    log.note({ code: "mbr-pointer", detail, offset: LOADER_POINTER });
  }
  return log.reading(undefined);
}

function checkBounds(partition: MbrPartition, { blocks, log }: { blocks: number; log: ProblemLog }): void {
  const { index, start, blocks: count, offset, type } = partition;
  if (start + count <= blocks || (type === 0xee && count === 0xffffffff)) return;
  const detail = `MBR partition ${index} (blocks ${start} to ${start + count}) reaches beyond the ISO's ${blocks} blocks`;
  log.note({ code: "mbr-bounds", detail, offset: offset + 8 });
}

/** With a GPT, one entry protects it, and there may be one more for BIOSes that require an active entry. */
function checkBesideGpt(
  partitions: readonly MbrPartition[],
  { ends, log }: { ends: readonly number[]; log: ProblemLog },
): void {
  for (const { index, type, start, blocks: count, active, offset } of partitions) {
    const note = (detail: string, at: number) => log.note({ code: "mbr-gpt", detail, offset: offset + at });
    if (type !== 0xee && type !== 0) continue;
    log.covers({ name: `MBR entry ${index}: type`, start: offset + 4, length: 1 });
    log.covers({ name: `MBR entry ${index}: start and size`, start: offset + 8, length: 8 });
    const isWhole = start === 1 && (ends.includes(start + count) || count === 0xffffffff);
    if (type === 0xee && !isWhole) {
      note(`the MBR's protective entry covers blocks ${start} to ${start + count}, not 1 to ${ends[0]}`, 8);
    }
    if (type === 0 && (start !== 0 || count !== 1)) note(`MBR entry ${index} has no type, but a size`, 8);
    if (type === 0 && !active) note(`MBR entry ${index} has neither a type nor a mark as active`, 0);
  }
  const others = partitions.filter((partition) => partition.type !== 0xee && partition.type !== 0);
  const protectors = partitions.filter((partition) => partition.type === 0xee);
  for (const { index, offset } of [...others, ...protectors.slice(1)]) {
    // A hybrid MBR hides the disk from some firmware.
    const detail = `MBR entry ${index} names a partition besides the GPT`;
    log.note({ code: "mbr-hybrid", detail, offset: offset + 4 });
  }
}

function loaderOf(bytes: Uint8Array): Mbr["loader"] {
  const code = bytes.subarray(0, LOADER_POINTER);
  if (isZero(code)) return "none";
  const text = latin1(code);
  if (text.includes("GRUB")) return "grub";
  return text.includes("isolinux") ? "isolinux" : "unknown";
}
