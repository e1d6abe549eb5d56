/** The header of a package in rpm's database (rpm, docs/manual/format_header.md). All numbers are big-endian. */
import type { PackageFiles } from "./package-files.ts";

/** Tags of the entries that are read (rpm, include/rpm/rpmtag.h). */
const TAG = { name: 1000, dirIndexes: 1116, baseNames: 1117, dirNames: 1118 };
const TYPE = { int32: 4, string: 6, strings: 8 };
/** Bytes of the two numbers at the start, and of one entry. */
const PREFIX = 8;
const ENTRY = 16;

interface Entry {
  type: number;
  count: number;
  /** Begins at the entry's first value. */
  values: Buffer;
}

/** Name and files of the package. @throws RangeError if the header is damaged */
export function packageOfHeader(header: Buffer): PackageFiles {
  const entries = entriesOf(header);
  const [name = ""] = texts(entries.get(TAG.name));
  const folders = texts(entries.get(TAG.dirNames));
  const indexes = numbers(entries.get(TAG.dirIndexes));
  const paths = texts(entries.get(TAG.baseNames)).map(
    (base, i) => `${folders[indexes[i] ?? -1] ?? ""}${base}`,
  );
  return { name, paths };
}

function entriesOf(header: Buffer): Map<number, Entry> {
  const count = header.readUInt32BE(0);
  const values = PREFIX + ENTRY * count;
  const entries = new Map<number, Entry>();
  for (let at = PREFIX; at < values; at += ENTRY) {
    const [tag, type, offset, length] = [0, 4, 8, 12].map((field) => header.readUInt32BE(at + field)) as [
      number,
      number,
      number,
      number,
    ];
    entries.set(tag, { type, count: length, values: header.subarray(values + offset) });
  }
  return entries;
}

/** Texts of an entry, with one character for each byte. They end with a zero byte each. */
function texts(entry: Entry | undefined): string[] {
  if (entry === undefined || (entry.type !== TYPE.string && entry.type !== TYPE.strings)) return [];
  const found: string[] = [];
  for (let i = 0, at = 0; i < entry.count; i++) {
    const end = entry.values.indexOf(0, at);
    if (end === -1) throw new RangeError("a text in a header is cut off");
    found.push(entry.values.toString("latin1", at, end));
    at = end + 1;
  }
  return found;
}

function numbers(entry: Entry | undefined): number[] {
  if (entry === undefined || entry.type !== TYPE.int32) return [];
  if (4 * entry.count > entry.values.length) throw new RangeError("a list in a header is cut off");
  return Array.from({ length: entry.count }, (_, i) => entry.values.readUInt32BE(4 * i));
}
