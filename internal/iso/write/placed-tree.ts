/** A tree whose directories and path tables have sectors, and its bytes. */
import { encodeDirectoryRecord } from "../../iso-format/directory-record.ts";
import { encodePathTable, MAX_PARENT, pathTableLength } from "../../iso-format/path-table.ts";
import { encodeContinuation } from "../../iso-format/rock-ridge.ts";
import { type Extent, SECTOR, sectorsOf } from "../../iso-format/units.ts";
import type { ExtentFile, PlannedDirectory, PlannedRecord } from "./directories.ts";

export interface PlacedTree<F> {
  directories: readonly PlannedDirectory<F>[];
  /** The first sector of each directory. */
  sectors: readonly number[];
  /** Bytes, and the sectors of the two tables. */
  pathTable: { size: number; little: number; big: number };
}

/**
 * Assigns sectors to a tree. `allocate` reserves a number of sectors, and returns the first of them.
 * @throws Error if there are more directories than a path table can name
 */
export function placeTree<F extends ExtentFile>(
  directories: readonly PlannedDirectory<F>[],
  allocate: (sectors: number) => number,
): PlacedTree<F> {
  const last = directories.at(-1)!;
  if (last.parent >= MAX_PARENT) throw new Error(`An ISO cannot have ${directories.length} directories`);
  const size = pathTableLength(directories.map(({ identifier }) => identifier));
  const [little, big] = [allocate(sectorsOf(size)), allocate(sectorsOf(size))];
  return {
    directories,
    sectors: directories.map((directory) => allocate(directory.sectors)),
    pathTable: { size, little, big },
  };
}

/** The root directory, relative to a volume that begins at sector `base`. */
export function rootExtent<F>({ directories, sectors }: PlacedTree<F>, base: number): Extent {
  return { lba: sectors[0]! - base, size: directories[0]!.size };
}

/** The bytes of a tree for a volume that begins at sector `base`, each part with its offset in the whole ISO. */
export function encodeTree<F extends ExtentFile>(
  tree: PlacedTree<F>,
  options: { base: number; time: number; extentOf: (file: F, index: number) => Extent },
): { at: number; content: Uint8Array }[] {
  const { directories, sectors, pathTable } = tree;
  const { base, time } = options;
  const entries = directories.map(({ identifier, parent }, index) => ({
    identifier,
    lba: sectors[index]! - base,
    parent: parent + 1,
  }));
  const extentOf = ({ target }: PlannedRecord<F>): Extent => {
    if ("directory" in target) {
      const { size } = directories[target.directory]!;
      return { lba: sectors[target.directory]! - base, size };
    }
    const extent = options.extentOf(target.file, target.extent);
    return { lba: extent.lba - base, size: extent.size };
  };
  return [
    { at: pathTable.little * SECTOR, content: encodePathTable(entries, "little") },
    { at: pathTable.big * SECTOR, content: encodePathTable(entries, "big") },
    ...directories.map((directory, index) => ({
      at: sectors[index]! * SECTOR,
      content: encodeDirectory(directory, { lba: sectors[index]! - base, time, extentOf }),
    })),
  ];
}

/** A directory and its continuation area. */
function encodeDirectory<F>(
  directory: PlannedDirectory<F>,
  options: { lba: number; time: number; extentOf: (record: PlannedRecord<F>) => Extent },
): Uint8Array {
  const { size, sectors, records } = directory;
  const bytes = new Uint8Array(sectors * SECTOR);
  for (const record of records) {
    const { identifier, target, at, continuation } = record;
    const parts = [record.systemUse];
    if (continuation !== undefined) {
      const place = size + continuation.at;
      bytes.set(continuation.bytes, place);
      const lba = options.lba + Math.floor(place / SECTOR);
      parts.push(encodeContinuation({ lba, at: place % SECTOR, length: continuation.bytes.length }));
    }
    const fields = {
      extent: options.extentOf(record),
      identifier,
      time: options.time,
      kind: "directory" in target ? ("directory" as const) : ("file" as const),
      isLast: "directory" in target || target.isLast,
      systemUse: Buffer.concat(parts),
    };
    bytes.set(encodeDirectoryRecord(fields), at);
  }
  return bytes;
}
