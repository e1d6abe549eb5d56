import { FAT_COUNT, type FatGeometry, RESERVED_SECTORS, SECTOR_SIZE } from "./geometry.ts";

/** A fixed disk; FAT[0] repeats it. */
export const MEDIA_DESCRIPTOR = 0xf8;

/** `int 0x18` (let the BIOS go on to the next device), then `hlt` in a loop: no BIOS is meant to boot this volume. */
const BOOT_CODE = [0xcd, 0x18, 0xf4, 0xeb, 0xfd];
const BOOT_CODE_OFFSET = 62;

/** One MiB for each cylinder, as xorriso and isohybrid count. Only very old BIOSes read it. */
const SECTORS_PER_TRACK = 32;
const HEADS = 64;

/**
 * Sector 0 of a FAT16 volume (Microsoft "FAT: General Overview of On-Disk Format" 1.03, "Boot Sector and BPB").
 * Bytes 446 to 461, where a partition table would have its first entry, are zero: Macs up to 2010 hang otherwise.
 */
export function encodeBootSector(
  geometry: FatGeometry,
  ids: { label: string; volumeId: number },
): Uint8Array {
  const bytes = new Uint8Array(SECTOR_SIZE);
  const view = new DataView(bytes.buffer);
  const small = geometry.totalSectors < 0x10000;
  bytes.set([0xeb, BOOT_CODE_OFFSET - 2, 0x90], 0);
  setText(bytes, 3, "MSWIN4.1"); // BS_OEMName: all readers accept this value.
  view.setUint16(11, SECTOR_SIZE, true);
  bytes[13] = geometry.sectorsPerCluster;
  view.setUint16(14, RESERVED_SECTORS, true);
  bytes[16] = FAT_COUNT;
  view.setUint16(17, geometry.rootEntries, true);
  view.setUint16(19, small ? geometry.totalSectors : 0, true);
  bytes[21] = MEDIA_DESCRIPTOR;
  view.setUint16(22, geometry.fatSectors, true);
  view.setUint16(24, SECTORS_PER_TRACK, true);
  view.setUint16(26, HEADS, true);
  view.setUint32(28, 0, true); // BPB_HiddSec
  view.setUint32(32, small ? 0 : geometry.totalSectors, true);
  bytes[36] = 0x80; // BS_DrvNum
  bytes[38] = 0x29; // BS_BootSig: the next three fields are present.
  view.setUint32(39, ids.volumeId, true);
  setText(bytes, 43, ids.label.padEnd(11));
  setText(bytes, 54, "FAT16   "); // U-Boot recognizes FAT by this text.
  bytes.set(BOOT_CODE, BOOT_CODE_OFFSET);
  view.setUint16(510, 0xaa55, true);
  return bytes;
}

function setText(bytes: Uint8Array, offset: number, text: string): void {
  bytes.set(new TextEncoder().encode(text), offset);
}
