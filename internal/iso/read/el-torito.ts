/** The boot catalogue ("El Torito" Bootable CD-ROM Format Specification 1.0, section 2; UEFI 2.10, 13.3.2.1). */

import { type Block, expectBytes, expectZero, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { CATALOG_ENTRY, PLATFORM } from "../../iso-format/el-torito.ts";
import { SECTOR } from "../../iso-format/units.ts";
import { counted } from "../../text/counted.ts";

const ENTRY = CATALOG_ENTRY;
const MAX_ENTRIES = SECTOR / ENTRY;

type BootPlatform = "bios" | "powerpc" | "mac" | "uefi";

export interface BootEntry {
  platform: BootPlatform;
  /** Sector of 2048 bytes at which the image begins. */
  lba: number;
  /** Length of the loaded part (BIOS) or of the image (UEFI) in sectors of 512 bytes. */
  sectors: number;
  /** 0 for no emulation. */
  media: number;
  /** Offset of the entry in the source. */
  offset: number;
  /** The name in messages: `El Torito entry 1 (BIOS)`. */
  name: string;
}

const PLATFORMS = Object.fromEntries(
  Object.entries(PLATFORM).map(([name, id]) => [id, name as BootPlatform]),
);
const TITLES: Record<BootPlatform, string> = { bios: "BIOS", powerpc: "PowerPC", mac: "Mac", uefi: "UEFI" };

/** Reads the catalogue at a sector. */
export async function readElTorito(source: ByteSource, catalog: number): Promise<Reading<BootEntry[]>> {
  const log = new ProblemLog();
  const start = catalog * SECTOR;
  const bytes = await source.read(start, SECTOR);
  if (bytes.length < SECTOR) {
    log.note({ code: "boot-catalog", detail: "has a boot catalogue outside of the ISO", offset: start });
    return log.reading([]);
  }
  const blockAt = (index: number, name: string): Block => ({
    bytes: bytes.subarray(index * ENTRY, (index + 1) * ENTRY),
    offset: start + index * ENTRY,
    name,
  });
  const platform = readValidation(blockAt(0, "validation entry"), log);
  if (platform === undefined) return log.reading([]);
  const entries: BootEntry[] = [];
  const add = (block: Block, owner: BootPlatform) => {
    const entry = readEntry(block, { platform: owner, log });
    if (entry !== undefined) entries.push(entry);
  };
  add(blockAt(1, entryName(1, platform)), platform);
  readSections({ blockAt, add, log });
  return log.reading(entries);
}

/** Section 2.1: the checksum makes all 16-bit words add up to zero. */
function readValidation(block: Block, log: ProblemLog): BootPlatform | undefined {
  const view = viewOf(block.bytes);
  log.covers({ name: block.name, start: block.offset, length: ENTRY });
  let sum = 0;
  for (let at = 0; at < ENTRY; at += 2) sum += view.getUint16(at, true);
  const platform = PLATFORMS[block.bytes[1]!];
  const sound = block.bytes[0] === 1 && view.getUint16(30, false) === 0x55aa && platform !== undefined;
  if (sound && (sum & 0xffff) === 0) return platform;
  const detail = sound
    ? "the boot catalogue's validation entry has a wrong checksum"
    : "the boot catalogue does not begin with a validation entry";
  log.note({ code: "validation-entry", detail, offset: block.offset });
  return sound ? platform : undefined;
}

/** Sections 2.3 to 2.5: headers, each with its entries. */
function readSections(catalog: {
  blockAt: (index: number, name: string) => Block;
  add: (block: Block, platform: BootPlatform) => void;
  log: ProblemLog;
}): void {
  const { blockAt, add, log } = catalog;
  for (let index = 2, section = 1, entry = 2; index < MAX_ENTRIES; section++) {
    const header = blockAt(index, `section header ${section}`);
    const indicator = header.bytes[0]!;
    if (indicator === 0 && section === 1) {
      expectZero(header, { at: 0, length: 1, name: "indicator", log });
      return;
    }
    const platform = PLATFORMS[header.bytes[1]!];
    const count = viewOf(header.bytes).getUint16(2, true);
    log.covers({
      name: `${header.name}: indicator, platform and count`,
      start: header.offset,
      length: 4,
    });
    if ((indicator !== 0x90 && indicator !== 0x91) || platform === undefined) {
      const detail = `the boot catalogue has no section header where one should be (entry ${index})`;
      log.note({ code: "section-header", detail, offset: header.offset });
      return;
    }
    if (count === 0 || index + count >= MAX_ENTRIES) {
      const detail = `the boot catalogue has a section of ${counted(count, "entry", "entries")}`;
      log.note({ code: "section-header", detail, offset: header.offset + 2 });
      return;
    }
    for (let at = 0; at < count; at++, entry++) add(blockAt(++index, entryName(entry, platform)), platform);
    index++;
    if (indicator !== 0x91) continue;
    const after = index < MAX_ENTRIES ? blockAt(index, "entry after the last section") : undefined;
    if (after !== undefined) expectZero(after, { at: 0, length: 1, name: "indicator", log });
    return;
  }
}

/** Sections 2.2 and 2.4. */
function readEntry(
  block: Block,
  { platform, log }: { platform: BootPlatform; log: ProblemLog },
): BootEntry | undefined {
  const { bytes, offset, name } = block;
  const view = viewOf(bytes);
  if (!expectBytes(block, { at: 0, name: "boot indicator", code: "boot-indicator", bytes: [0x88], log })) {
    // Zero means "not bootable", so the entry does not count.
    if (bytes[0] !== 0) return undefined;
  }
  const media = bytes[1]!;
  log.covers({ name: `${name}: media type`, start: offset + 1, length: 1 });
  if (media !== 0) {
    const detail = `${name} emulates a disk (type ${media}), but the image should be loaded unchanged`;
    log.note({ code: "boot-media", detail, offset: offset + 1 });
  }
  const segment = view.getUint16(2, true);
  log.covers({ name: `${name}: load segment`, start: offset + 2, length: 2 });
  if (segment !== 0 && segment !== 0x7c0) {
    log.note({
      code: "load-segment",
      detail: `${name} is loaded to an unusual place`,
      offset: offset + 2,
    });
  }
  expectZero(block, { at: 4, length: 2, name: "system type", log });
  expectZero(block, { at: 12, length: 20, name: "selection criteria", log });
  const sectors = view.getUint16(6, true);
  if (sectors === 0 && platform === "bios") {
    log.note({ code: "boot-sectors", detail: `${name} loads nothing`, offset: offset + 6 });
  }
  return { platform, lba: view.getUint32(8, true), sectors, media, offset, name };
}

function entryName(index: number, platform: BootPlatform): string {
  return `El Torito entry ${index} (${TITLES[platform]})`;
}
