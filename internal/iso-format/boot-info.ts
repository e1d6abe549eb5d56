/**
 * Fields that an ISO writer sets in the image that a BIOS loads: the boot-info-table (mkisofs(8), "EL TORITO BOOT
 * INFORMATION TABLE") and GRUB's own field.
 */
import { FIRST_DESCRIPTOR } from "./units.ts";

/** Offset and length of the table in bytes. Its checksum covers the bytes after it. */
export const BOOT_INFO_TABLE = { offset: 8, length: 56 } as const;
/** Offset of a field in GRUB's `cdboot.img`: the block of 512 bytes, in 64 bits, at which the next program begins. */
export const GRUB_BOOT_INFO = { offset: 2548, length: 8, blocks: 5 } as const;
/** Bytes that an image must have for both. */
export const MIN_BOOT_IMAGE: number = GRUB_BOOT_INFO.offset + GRUB_BOOT_INFO.length;

/** A copy of a BIOS boot image with the fields for a sector of the ISO. @param lba sector at which the image begins */
export function placeBootImage(image: Uint8Array, lba: number): Uint8Array {
  const bytes = new Uint8Array(image);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(GRUB_BOOT_INFO.offset, BigInt(lba * 4 + GRUB_BOOT_INFO.blocks), true);
  const { offset, length } = BOOT_INFO_TABLE;
  bytes.fill(0, offset, offset + length);
  view.setUint32(offset, FIRST_DESCRIPTOR, true);
  view.setUint32(offset + 4, lba, true);
  view.setUint32(offset + 8, bytes.length, true);
  view.setUint32(offset + 12, sumOfWords(bytes.subarray(offset + length)), true);
  return bytes;
}

/** The sum of all 32-bit little-endian words, modulo 2^32; an incomplete word at the end is padded with zeros. */
export function sumOfWords(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    const word =
      bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    sum = (sum + word) >>> 0;
  }
  return sum;
}
