/** Bytes of a sector of the ISO file system, which is also its logical block (ECMA-119, 6.1.2). */
export const SECTOR = 2048;
/** Bytes of a block of a disk, as partition tables count. */
export const BLOCK = 512;
export const BLOCKS_PER_SECTOR = SECTOR / BLOCK;

/** The sector of the first volume descriptor (ECMA-119, 6.2.1): the system area is before it. */
export const FIRST_DESCRIPTOR = 16;

/** The number of sectors for a number of bytes. */
export function sectorsOf(bytes: number): number {
  return Math.ceil(bytes / SECTOR);
}

/** A contiguous range of bytes on the ISO. */
export interface Extent {
  /** Sector of 2048 bytes. */
  lba: number;
  /** Bytes. */
  size: number;
}
