/** The path tables, which repeat every directory (ECMA-119, 6.9, 9.4). */

import { latin1, ucs2, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { SECTOR } from "../../iso-format/units.ts";
import type { IsoTree } from "./directory-tree.ts";
import type { IsoNode } from "./iso-node.ts";
import type { VolumeDescriptor } from "./volume-descriptor.ts";

const MAX_BYTES = 16 * 1024 * 1024;

interface PathTableEntry {
  lba: number;
  /** Number of the parent's entry, from 1. */
  parent: number;
  identifier: string;
  offset: number;
}

/** Reads all path tables of a volume and compares them with its tree. Returns the little-endian table. */
export async function readPathTables(
  source: ByteSource,
  descriptor: VolumeDescriptor,
  { tree, base }: { tree: IsoTree; base?: number },
): Promise<Reading<PathTableEntry[]>> {
  const log = new ProblemLog(base ?? 0);
  const { pathTable } = descriptor;
  const which = descriptor.kind === "joliet" ? "Joliet's " : "";
  const tables = [
    {
      name: `${which}path table (little-endian)`,
      lba: pathTable.little,
      little: true,
      field: 140,
      needed: true,
    },
    {
      name: `${which}optional path table (little-endian)`,
      lba: pathTable.optionalLittle,
      little: true,
      field: 144,
    },
    { name: `${which}path table (big-endian)`, lba: pathTable.big, little: false, field: 148, needed: true },
    {
      name: `${which}optional path table (big-endian)`,
      lba: pathTable.optionalBig,
      little: false,
      field: 152,
    },
  ];
  const first: PathTableEntry[] = [];
  for (const table of tables) {
    const place = { name: `place of ${table.name}`, start: descriptor.offset + table.field, length: 4 };
    log.covers(place);
    if (table.lba === 0 && table.needed !== true) continue;
    const entries = await readTable(source, {
      ...table,
      size: pathTable.size,
      joliet: which !== "",
      log,
    });
    compare(entries, { name: table.name, directories: tree.directories, place: place.start, log });
    if (table.field === 140) for (const entry of entries) first.push(entry);
  }
  return log.reading(first);
}

async function readTable(
  source: ByteSource,
  table: { name: string; lba: number; size: number; little: boolean; joliet: boolean; log: ProblemLog },
): Promise<PathTableEntry[]> {
  const { name, little, log } = table;
  const start = table.lba * SECTOR;
  const bytes = await source.read(start, Math.min(table.size, MAX_BYTES));
  log.covers({ name, start: start, length: bytes.length });
  if (bytes.length < table.size) {
    log.note({ code: "path-table", detail: `ends within the ${name}`, offset: start });
  }
  const view = viewOf(bytes);
  const entries: PathTableEntry[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const length = bytes[at]!;
    const end = at + 8 + length + (length % 2);
    if (length === 0 || end > bytes.length) break;
    const identifier = bytes.subarray(at + 8, at + 8 + length);
    const root = length === 1 && identifier[0] === 0;
    if (bytes[at + 1] !== 0 || (length % 2 === 1 && bytes[end - 1] !== 0)) {
      log.note({ code: "path-table", detail: `the ${name} has a damaged entry`, offset: start + at });
    }
    entries.push({
      lba: view.getUint32(at + 2, little),
      parent: view.getUint16(at + 6, little),
      identifier: root ? "" : table.joliet && length % 2 === 0 ? ucs2(identifier) : latin1(identifier),
      offset: start + at,
    });
    at = end;
  }
  return entries;
}

/** Every directory has exactly one entry, with its name, its sector and its parent. */
function compare(
  entries: readonly PathTableEntry[],
  options: { name: string; directories: readonly IsoNode[]; place: number; log: ProblemLog },
): void {
  const note = (detail: string, offset: number) => options.log.note({ code: "path-table", detail, offset });
  const missing = new Map(options.directories.map((directory) => [directory.extents[0]!.lba, directory]));
  for (const entry of entries) {
    const directory = missing.get(entry.lba);
    if (directory === undefined) {
      note(`the ${options.name} has an entry for a directory that is not in the tree`, entry.offset);
      continue;
    }
    missing.delete(entry.lba);
    const parent = (directory.parent ?? directory).extents[0]!.lba;
    if (entry.identifier !== directory.identifier) {
      note(`the ${options.name} has another name for ${directory.path}`, entry.offset);
    } else if (entries[entry.parent - 1]?.lba !== parent) {
      note(`the ${options.name} has another parent for ${directory.path}`, entry.offset);
    }
  }
  for (const directory of missing.values())
    note(`the ${options.name} lacks ${directory.path}`, options.place);
}
