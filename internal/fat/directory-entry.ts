/**
 * Directory entries: 32 bytes each (Microsoft "FAT: General Overview of On-Disk Format" 1.03, "FAT Directory
 * Structure" and "FAT Long Directory Entries").
 */
import type { FatTime } from "./fat-time.ts";

export const ENTRY_SIZE = 32;

export const ATTRIBUTE = {
  readOnly: 0x01,
  hidden: 0x02,
  system: 0x04,
  volumeId: 0x08,
  directory: 0x10,
  archive: 0x20,
  longName: 0x0f,
} as const;

/** Offsets of the 13 UTF-16 units in one long entry: LDIR_Name1, LDIR_Name2, LDIR_Name3. */
export const LONG_NAME_OFFSETS = [1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30] as const;

const LAST_LONG_ENTRY = 0x40;

interface ShortEntry {
  /** DIR_Name: 11 bytes. */
  name: Uint8Array;
  attributes: number;
  /** First cluster, 0 for an empty file and for the root as a parent. */
  cluster: number;
  /** Bytes; 0 for a directory. */
  size: number;
  time: FatTime;
}

/** One short entry. Of its times, a volume label has only the write time. */
export function encodeShortEntry(entry: ShortEntry): Uint8Array {
  const bytes = new Uint8Array(ENTRY_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(entry.name, 0);
  bytes[11] = entry.attributes;
  if ((entry.attributes & ATTRIBUTE.volumeId) === 0) {
    bytes[13] = entry.time.tenths;
    view.setUint16(14, entry.time.time, true);
    view.setUint16(16, entry.time.date, true);
    view.setUint16(18, entry.time.date, true);
  }
  view.setUint16(22, entry.time.time, true);
  view.setUint16(24, entry.time.date, true);
  view.setUint16(26, entry.cluster, true);
  view.setUint32(28, entry.size, true);
  return bytes;
}

/** The long entries that precede the short one. The last part of the name comes first. */
export function encodeLongEntries(name: string, shortName: Uint8Array): Uint8Array {
  const count = longEntryCount(name);
  const bytes = new Uint8Array(count * ENTRY_SIZE);
  const view = new DataView(bytes.buffer);
  const checksum = shortNameChecksum(shortName);
  for (let part = count; part >= 1; part--) {
    const at = (count - part) * ENTRY_SIZE;
    bytes[at] = part === count ? part | LAST_LONG_ENTRY : part;
    bytes[at + 11] = ATTRIBUTE.longName;
    bytes[at + 13] = checksum;
    for (const [index, offset] of LONG_NAME_OFFSETS.entries()) {
      view.setUint16(at + offset, unitAt(name, (part - 1) * LONG_NAME_OFFSETS.length + index), true);
    }
  }
  return bytes;
}

/** How many long entries a name takes. */
export function longEntryCount(name: string): number {
  return Math.ceil(name.length / LONG_NAME_OFFSETS.length);
}

/** "ChkSum()": the checksum of a short name that ties its long entries to it. */
export function shortNameChecksum(name: Uint8Array): number {
  let sum = 0;
  for (const byte of name) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
  return sum;
}

/** A name that does not fill its last entry is closed by one NUL, the rest is 0xFFFF. */
function unitAt(name: string, index: number): number {
  if (index < name.length) return name.charCodeAt(index);
  return index === name.length ? 0 : 0xffff;
}
