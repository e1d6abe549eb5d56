/** The boot catalogue ("El Torito" Bootable CD-ROM Format Specification 1.0, section 2; UEFI 2.10, 13.3.2.1). */
import { SECTOR } from "./units.ts";

/** Bytes of an entry. */
export const CATALOG_ENTRY = 32;
/** Platform ids of validation entries and section headers. */
export const PLATFORM = { bios: 0, powerpc: 1, mac: 2, uefi: 0xef } as const;
const VALIDATION = 0x01;
const BOOTABLE = 0x88;
/** Indicator of the last section header. */
const LAST_SECTION = 0x91;

interface BootEntryFields {
  platform: "bios" | "uefi";
  /** Sector at which the image begins. */
  lba: number;
  /** Number of sectors of 512 bytes; 0 means the whole image, if 16 bits cannot hold its number of sectors. */
  blocks: number;
}

/** One sector. The first entry is the default. Each further entry is in a section of its own. */
export function encodeBootCatalog([first, ...others]: readonly BootEntryFields[]): Uint8Array {
  const bytes = new Uint8Array(SECTOR);
  if (first === undefined) return bytes;
  bytes.set(validationEntry(PLATFORM[first.platform]), 0);
  bytes.set(bootEntry(first), CATALOG_ENTRY);
  for (const [index, entry] of others.entries()) {
    const at = (2 + index * 2) * CATALOG_ENTRY;
    const header = [index === others.length - 1 ? LAST_SECTION : LAST_SECTION - 1, PLATFORM[entry.platform]];
    bytes.set([...header, 1, 0], at); // One entry follows.
    bytes.set(bootEntry(entry), at + CATALOG_ENTRY);
  }
  return bytes;
}

/** The load size of an image in the catalogue: 0 if 16 bits do not suffice. */
export function loadSize(blocks: number): number {
  return blocks > 0xffff ? 0 : blocks;
}

/** Section 2.1: the checksum makes the sum of all 16-bit words zero. */
function validationEntry(platform: number): Uint8Array {
  const bytes = new Uint8Array(CATALOG_ENTRY);
  const view = new DataView(bytes.buffer);
  bytes.set([VALIDATION, platform]);
  bytes.set([0x55, 0xaa], 30);
  let sum = 0;
  for (let at = 0; at < CATALOG_ENTRY; at += 2) sum += view.getUint16(at, true);
  view.setUint16(28, -sum & 0xffff, true);
  return bytes;
}

/** Sections 2.2 and 2.4: no emulation, load segment and system type 0. */
function bootEntry({ lba, blocks }: BootEntryFields): Uint8Array {
  const bytes = new Uint8Array(CATALOG_ENTRY);
  const view = new DataView(bytes.buffer);
  bytes[0] = BOOTABLE;
  view.setUint16(6, blocks, true);
  view.setUint32(8, lba, true);
  return bytes;
}
