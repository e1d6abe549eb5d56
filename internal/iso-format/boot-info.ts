/**
 * Fields that an ISO writer sets in the image that a BIOS loads: the boot-info-table (mkisofs(8), "EL TORITO BOOT
 * INFORMATION TABLE") and GRUB's own field.
 */
import { FIRST_DESCRIPTOR } from "./units.ts";

/** Where the table is, in bytes; what follows it is summed. */
export const BOOT_INFO_TABLE = { offset: 8, length: 56 } as const;
/** Where GRUB's `cdboot.img` has the place of the program that follows it: 64 bits, in blocks of 512 bytes. */
export const GRUB_BOOT_INFO = { offset: 2548, length: 8, blocks: 5 } as const;
/** Bytes that an image must have for both. */
export const MIN_BOOT_IMAGE: number = GRUB_BOOT_INFO.offset + GRUB_BOOT_INFO.length;

/** A copy of a BIOS boot image for a place on the ISO. @param lba sector at which the image begins */
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

/** The sum of all 32-bit little-endian words, modulo 2^32; a part of a word at the end counts as padded with zeros. */
export function sumOfWords(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    const word =
      bytes[at]! | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    sum = (sum + word) >>> 0;
  }
  return sum;
}
