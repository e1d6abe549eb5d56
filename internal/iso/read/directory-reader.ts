import type { ProblemCode } from "../../bytes/problem-codes.ts";
/** The records of one directory, with their Rock Ridge entries (ECMA-119, 6.8, 9.1). */

import { isZero, latin1 } from "../../bytes/fields.ts";
import type { ProblemLog } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { FLAG } from "../../iso-format/directory-record.ts";
import { type Extent, SECTOR } from "../../iso-format/units.ts";
import { printable } from "../../text/printable.ts";
import { type DirectoryRecord, readDirectoryRecord } from "./directory-record.ts";
import type { IsoNode } from "./iso-node.ts";
import { readRockRidge } from "./rock-ridge.ts";
import type { RockRidge } from "./rock-ridge-fields.ts";
import type { VolumeDescriptor } from "./volume-descriptor.ts";

/** One file or directory: with several records if it has several extents. */
export interface DirectoryEntry {
  /** The last of its records. */
  record: DirectoryRecord;
  rockRidge: RockRidge | undefined;
  extents: Extent[];
}

const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES = 96 * 1024 * 1024;
const MAX_CONTINUATION_BYTES = 96 * 1024 * 1024;
/** CD-ROM XA puts its own bytes before all others. */
const XA_LENGTH = 14;

/** Reads directory after directory of one volume, the root first. */
export class DirectoryReader {
  readonly #source: ByteSource;
  readonly #descriptor: VolumeDescriptor;
  readonly #log: ProblemLog;
  /** Bytes before each system use area; undefined without Rock Ridge. */
  #skip: number | undefined;
  #bytes = 0;
  readonly #budget = { bytes: MAX_CONTINUATION_BYTES };

  constructor(source: ByteSource, descriptor: VolumeDescriptor, log: ProblemLog) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#log = log;
  }

  get hasRockRidge(): boolean {
    return this.#skip !== undefined;
  }

  /** The name of the directory for messages. */
  nameOf(node: IsoNode): string {
    return `${this.#descriptor.kind === "joliet" ? "Joliet's " : ""}${printable(node.path)}`;
  }

  /** All entries except `.` and `..`. */
  async read(directory: IsoNode): Promise<DirectoryEntry[]> {
    const name = this.nameOf(directory);
    const offset = directory.extents[0]!.lba * SECTOR;
    const note = (code: ProblemCode, what: string) =>
      this.#log.note({ code, detail: `${name} ${what}`, offset });
    const bytes = await this.#readBytes(directory);
    if (!looksLikeDirectory(bytes)) {
      // The rest may be any bytes, and reading them as records could take very long.
      note("directory-dots", "does not begin with `.` or `..`");
      return [];
    }
    const entries: DirectoryEntry[] = [];
    let index = 0;
    for (const place of this.#recordsOf(bytes, { name, offset })) {
      const entry = await this.#readEntry(directory, { ...place, index });
      if (entry !== undefined && index >= 2) this.#append(entries, entry);
      index++;
    }
    if (index < 2) note("directory-dots", "lacks `.` or `..`");
    if (entries.some(isOpen)) note("multi-extent", "has a file without its last part");
    return entries;
  }

  async #readBytes(directory: IsoNode): Promise<Uint8Array> {
    const { lba, size } = directory.extents[0]!;
    const note = (code: ProblemCode, what: string, offset: number) => {
      this.#log.note({ code, detail: `${this.nameOf(directory)} ${what}`, offset });
    };
    if (size === 0 || size % SECTOR !== 0) {
      note("directory-size", `has a size of ${size} bytes`, directory.flagsOffset - 15);
    }
    const wanted = Math.min(size, MAX_DIRECTORY_BYTES, MAX_TOTAL_BYTES - this.#bytes);
    if (wanted < size) note("directory-size", "is too large to be read", lba * SECTOR);
    const bytes = await this.#source.read(lba * SECTOR, wanted);
    this.#bytes += bytes.length;
    if (bytes.length < wanted) note("directory-cut-off", "is cut off", lba * SECTOR);
    return bytes;
  }

  /** Records do not cross sectors; the rest of a sector is zero (ECMA-119, 6.8.1.1). */
  *#recordsOf(
    bytes: Uint8Array,
    { name, offset }: { name: string; offset: number },
  ): Iterable<{ bytes: Uint8Array; offset: number }> {
    for (let at = 0; at < bytes.length && !this.#log.isFull; ) {
      const length = bytes[at]!;
      const sectorEnd = Math.min(bytes.length, at - (at % SECTOR) + SECTOR);
      if (length > 0 && at + length <= sectorEnd) {
        yield { bytes: bytes.subarray(at, at + length), offset: offset + at };
        at += length;
        continue;
      }
      if (length > 0) {
        const detail = `${name} has a record over the end of a sector`;
        this.#log.note({ code: "directory-record", detail, offset: offset + at });
      } else {
        this.#log.covers({ name: `${name}: unused end`, start: offset + at, length: sectorEnd - at });
        if (!isZero(bytes.subarray(at, sectorEnd))) {
          const detail = `${name} has something after its last record`;
          this.#log.note({ code: "directory-end", detail, offset: offset + at });
        }
      }
      at = sectorEnd;
    }
  }

  async #readEntry(
    directory: IsoNode,
    place: { bytes: Uint8Array; offset: number; index: number },
  ): Promise<DirectoryEntry | undefined> {
    const log = this.#log;
    const { bytes, offset, index } = place;
    const special = [".", ".."][index];
    const name = `${special ?? `record ${index}`} of ${this.nameOf(directory)}`;
    const encoding = this.#descriptor.kind === "joliet" ? "ucs2" : "latin1";
    const record = readDirectoryRecord({ bytes, offset, name }, { encoding, log });
    if (record === undefined) return undefined;
    if (special !== undefined) this.#checkDot(directory, { record, special });
    const isRootDot = directory.parent === undefined && index === 0;
    const rockRidge = await this.#readSystemUse(record, { name, isRootDot });
    return { record, rockRidge, extents: [record.extent] };
  }

  async #readSystemUse(
    record: DirectoryRecord,
    { name, isRootDot }: { name: string; isRootDot: boolean },
  ): Promise<RockRidge | undefined> {
    const { bytes, offset } = record.systemUse;
    if (this.#descriptor.kind === "joliet" || (isRootDot && bytes.length === 0)) return undefined;
    if (!isRootDot && this.#skip === undefined) return undefined;
    const isXa =
      latin1(bytes.subarray(6, 8)) === "XA" && latin1(bytes.subarray(XA_LENGTH, XA_LENGTH + 2)) === "SP";
    const start = isXa ? XA_LENGTH : 0;
    const skip = isRootDot ? start : (this.#skip ?? 0);
    const area = { bytes: bytes.subarray(skip), offset: offset + skip };
    const found = await readRockRidge(this.#source, area, {
      name,
      log: this.#log,
      budget: this.#budget,
    });
    const note = (what: string) => {
      this.#log.note({ code: "rock-ridge", detail: `${name} ${what}`, offset: area.offset });
    };
    if (isRootDot) {
      this.#skip = found.skip;
      if (found.skip !== start)
        note(found.skip === undefined ? "has no SP entry" : `says to skip ${found.skip} bytes`);
    }
    if (found.mode === undefined && found.childLink === undefined) note("has no PX entry");
    return found;
  }

  /**
   * `.` is the directory itself, `..` its parent (ECMA-119, 6.8.2.2); in Joliet, libisofs writes the directory itself
   * for both.
   */
  #checkDot(directory: IsoNode, { record, special }: { record: DirectoryRecord; special: string }): void {
    const isSelf = special === ".";
    const parent = directory.parent ?? directory;
    const meant = isSelf ? [directory] : this.#descriptor.kind === "joliet" ? [parent, directory] : [parent];
    const name = this.nameOf(directory);
    this.#log.covers({
      name: `${special} of ${name}: name`,
      start: record.identifierOffset,
      length: 1,
    });
    const { lba, size } = record.extent;
    const isNamed = record.identifier === (isSelf ? "" : "\x01");
    const isDirectory = (record.flags & ~FLAG.hidden) === FLAG.directory;
    const isPlaced = meant.some(({ extents: [first] }) => first?.lba === lba && first.size === size);
    if (isNamed && isDirectory && isPlaced) return;
    const detail = `${name} has a wrong \`${special}\``;
    this.#log.note({ code: "directory-dots", detail, offset: record.offset });
  }

  /** Parts of one file follow each other and all but the last are marked (ECMA-119, 9.1.6). */
  #append(entries: DirectoryEntry[], entry: DirectoryEntry): void {
    const previous = entries.at(-1);
    if (previous === undefined || !isOpen(previous)) {
      entries.push(entry);
      return;
    }
    if (previous.record.identifier === entry.record.identifier) {
      previous.extents.push(entry.record.extent);
      previous.record = entry.record;
      return;
    }
    const detail = "has a file whose next part has another name";
    this.#log.note({ code: "multi-extent", detail, offset: entry.record.offset });
    entries.push(entry);
  }
}

function isOpen(entry: DirectoryEntry): boolean {
  return (entry.record.flags & FLAG.multiExtent) !== 0;
}

/** Whether one of the first two records is named as it should be; the length of the first record may be damaged. */
function looksLikeDirectory(bytes: Uint8Array): boolean {
  const isDot = (at: number, identifier: number) => bytes[at + 32] === 1 && bytes[at + 33] === identifier;
  return isDot(0, 0) || isDot(bytes[0] ?? 0, 1);
}
