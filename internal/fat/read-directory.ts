/**
 * Directory entries from an untrusted source (Microsoft "FAT: General Overview of On-Disk Format" 1.03, "FAT Directory
 * Structure", "FAT Long Directory Entries").
 */
import { ATTRIBUTE, ENTRY_SIZE, LONG_NAME_OFFSETS, shortNameChecksum } from "./directory-entry.ts";
import type { FatProblem, FatStructure } from "./fat-source.ts";

export interface DirectoryEntry {
  /**
   * The long name if there is a valid one, else the short name. A label has up to 11 characters without trailing
   * spaces.
   */
  name: string;
  kind: "file" | "directory" | "label";
  cluster: number;
  size: number;
  /** Offset of the short entry in the directory. */
  at: number;
}

const DELETED = 0xe5;

export interface DirectoryContent {
  /** All entries in use except `.` and `..`, up to the first entry that was never used. */
  entries: DirectoryEntry[];
  /** First clusters of `.` and `..`, if these are the first two entries. */
  self: number | undefined;
  parent: number | undefined;
  problems: FatProblem[];
  structures: FatStructure[];
}

/** The entries and problems in a directory's bytes. */
export function decodeDirectory(bytes: Uint8Array): DirectoryContent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: DirectoryEntry[] = [];
  const problems: FatProblem[] = [];
  const structures: FatStructure[] = [];
  const dots: Record<string, number | undefined> = {};
  let long: LongName | undefined;
  const dropLong = () => {
    if (long === undefined) return;
    problems.push({
      code: "long-name-orphan",
      detail: "has a long name that belongs to no file",
      offset: long.at,
    });
    long = undefined;
  };
  for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
    const first = view.getUint8(at);
    if (first === 0) break;
    const attributes = view.getUint8(at + 11);
    if (first === DELETED) {
      dropLong();
      continue;
    }
    if ((attributes & 0x3f) === ATTRIBUTE.longName) {
      const next = continueLongName(long, view, at);
      if (next === undefined) dropLong();
      long = next ?? beginLongName(view, at);
      if (view.getUint8(at + 12) !== 0 || view.getUint16(at + 26, true) !== 0) {
        problems.push({ code: "long-name", detail: "has a damaged part of a long name", offset: at });
      }
      if (long === undefined) {
        problems.push({
          code: "long-name-order",
          detail: "has a part of a long name out of its order",
          offset: at,
        });
      }
      continue;
    }
    const name = bytes.subarray(at, at + 11);
    const owned = long !== undefined && long.next === 0 && long.checksum === shortNameChecksum(name);
    const longText = owned ? long?.text : undefined;
    if (owned) long = undefined;
    dropLong();
    const short = decodeShortName(name, view.getUint8(at + 12));
    const cluster = view.getUint16(at + 20, true) * 0x10000 + view.getUint16(at + 26, true);
    if ((short === "." && at === 0) || (short === ".." && at === ENTRY_SIZE)) {
      dots[short] = cluster;
      structures.push(...structuresOf(short, { at, named: true }));
      continue;
    }
    if ((attributes & 0xc0) !== 0) {
      problems.push({
        code: "attributes",
        detail: `has impossible attributes at \`${short}\``,
        offset: at + 11,
      });
    }
    const kind = kindOf(attributes);
    const text = kind === "label" ? latin1(name).replace(/ +$/, "") : (longText ?? short);
    if (kind !== "label" && /[\x00-\x1f/\\:*?"<>|]/.test(text)) {
      problems.push({ code: "name", detail: `has the impossible name ${JSON.stringify(text)}`, offset: at });
    }
    entries.push({
      name: text,
      kind,
      cluster,
      size: view.getUint32(at + 28, true),
      at,
    });
    if (kind !== "label") structures.push(...structuresOf(text, { at, named: owned }));
    if (owned)
      structures.push({
        name: `checksum of the long name of ${text}`,
        start: at - ENTRY_SIZE + 12,
        length: 2,
      });
  }
  dropLong();
  return { entries, self: dots["."], parent: dots[".."], problems, structures };
}

/** The byte ranges of an entry that must match others: the short name its long name, the first cluster the FAT. */
function structuresOf(name: string, { at, named }: { at: number; named: boolean }): FatStructure[] {
  const parts = [
    { name: `first cluster of ${name} (high)`, start: at + 20, length: 2 },
    { name: `first cluster of ${name}`, start: at + 26, length: 2 },
  ];
  return named ? [{ name: `short name of ${name}`, start: at, length: 11 }, ...parts] : parts;
}

interface LongName {
  text: string;
  checksum: number;
  /** Order number of the next entry; 0 if the name is complete. */
  next: number;
  at: number;
}

function beginLongName(view: DataView, at: number): LongName | undefined {
  const order = view.getUint8(at);
  const count = order & 0x3f;
  if ((order & 0x40) === 0 || count === 0 || count > 20) return undefined;
  return { text: unitsAt(view, at), checksum: view.getUint8(at + 13), next: count - 1, at };
}

function continueLongName(long: LongName | undefined, view: DataView, at: number): LongName | undefined {
  if (long === undefined || long.next === 0) return undefined;
  if (view.getUint8(at) !== long.next || view.getUint8(at + 13) !== long.checksum) return undefined;
  return { ...long, text: unitsAt(view, at) + long.text, next: long.next - 1 };
}

function unitsAt(view: DataView, at: number): string {
  let text = "";
  for (const offset of LONG_NAME_OFFSETS) {
    const unit = view.getUint16(at + offset, true);
    if (unit === 0) break;
    text += String.fromCharCode(unit);
  }
  return text;
}

/** Windows NT records a lower-case base or extension in two bits instead of a long name. */
function decodeShortName(bytes: Uint8Array, caseBits: number): string {
  const text = latin1(bytes);
  let base = text.slice(0, 8).replace(/ +$/, "");
  let extension = text.slice(8).replace(/ +$/, "");
  if (base.startsWith("\x05")) base = `\xe5${base.slice(1)}`;
  if ((caseBits & 0x08) !== 0) base = base.toLowerCase();
  if ((caseBits & 0x10) !== 0) extension = extension.toLowerCase();
  return extension === "" ? base : `${base}.${extension}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

function kindOf(attributes: number): DirectoryEntry["kind"] {
  if ((attributes & ATTRIBUTE.volumeId) !== 0) return "label";
  return (attributes & ATTRIBUTE.directory) !== 0 ? "directory" : "file";
}
