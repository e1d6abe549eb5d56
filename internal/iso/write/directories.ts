/** The directories of one tree: their names, their order and the lengths of their records, before sectors are known. */
import { MAX_RECORD, PARENT, recordLength, SELF } from "../../iso-format/directory-record.ts";
import { isoIdentifiers } from "../../iso-format/iso-names.ts";
import { jolietNames } from "../../iso-format/joliet-names.ts";
import { CONTINUATION_LENGTH } from "../../iso-format/rock-ridge.ts";
import { ucs2 } from "../../iso-format/text.ts";
import { SECTOR, sectorsOf } from "../../iso-format/units.ts";
import type { FileNode, FolderNode } from "./iso-folder.ts";
import { rockRidgeEntries } from "./system-use.ts";

type TreeKind = "rock-ridge" | "joliet";

/** A file and its extents. */
export interface ExtentFile {
  isoPath: string;
  /** Bytes of each extent, in their order. */
  extents: readonly number[];
}

/** The target of a record: a directory by its number, or one extent of a file. */
type Target<F> = { directory: number } | { file: F; extent: number; isLast: boolean };

export interface PlannedRecord<F> {
  identifier: Uint8Array;
  target: Target<F>;
  /** Offset of the record in the directory. */
  at: number;
  systemUse: Uint8Array;
  /** Entries that do not fit in the record, and their offset in the directory's continuation area. */
  continuation: { at: number; bytes: Uint8Array } | undefined;
}

export interface PlannedDirectory<F> {
  /** Number of the parent; the root is its own. */
  parent: number;
  identifier: Uint8Array;
  records: PlannedRecord<F>[];
  /** Length of the directory in bytes, a multiple of a sector. */
  size: number;
  /** Sectors of directory and continuation area, which follows it. */
  sectors: number;
}

/** All directories in the order of the path table (ECMA-119, 6.9.1): by depth, parent and identifier; the root is 0. */
export function planDirectories<F extends ExtentFile>(
  root: FolderNode<F>,
  options: { kind: TreeKind; time: number },
): PlannedDirectory<F>[] {
  const queue: { folder: FolderNode<F>; parent: number; identifier: Uint8Array }[] = [
    { folder: root, parent: 0, identifier: SELF },
  ];
  const directories: PlannedDirectory<F>[] = [];
  for (const [number, { folder, parent, identifier }] of queue.entries()) {
    const plan = new DirectoryPlan<F>();
    const systemUse = (name: string, kind: "file" | "directory", isRootSelf = false) =>
      options.kind === "joliet" ? [] : rockRidgeEntries({ name, kind, isRootSelf, time: options.time });
    const self = { identifier: SELF, target: { directory: number } };
    plan.add({ ...self, entries: systemUse("", "directory", number === 0) });
    plan.add({ identifier: PARENT, target: { directory: parent }, entries: systemUse("", "directory") });
    for (const { node, identifier: own } of sortedEntries(folder, options.kind)) {
      const entries = systemUse(node.name, node.kind);
      if (node.kind === "directory") {
        plan.add({ identifier: own, target: { directory: queue.length }, entries });
        queue.push({ folder: node, parent: number, identifier: own });
      } else for (const target of targetsOf(node)) plan.add({ identifier: own, target, entries });
    }
    directories.push({ parent, identifier, ...plan.finish() });
  }
  return directories;
}

function targetsOf<F extends ExtentFile>({ file }: FileNode<F>): Target<F>[] {
  const last = file.extents.length - 1;
  return file.extents.map((_, extent) => ({ file, extent, isLast: extent === last }));
}

/** A folder's entries with their identifiers, in the order of ECMA-119, 9.3: by name, then by extension. */
function sortedEntries<F>({ children }: FolderNode<F>, kind: TreeKind) {
  const names = kind === "joliet" ? jolietNames(children) : isoIdentifiers(children);
  const entries = children.map((node, index) => {
    const name = names[index]!;
    const dot = node.kind === "directory" ? -1 : name.lastIndexOf(".");
    const key = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
    return { node, key, identifier: kind === "joliet" ? ucs2(name) : new Uint8Array(Buffer.from(name)) };
  });
  return entries.sort((a, b) => compare(a.key[0]!, b.key[0]!) || compare(a.key[1]!, b.key[1]!));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Places records, none of which crosses a sector's end (ECMA-119, 6.8.1.1), and their continuations (SUSP 1.12, 5.1).
 */
class DirectoryPlan<F> {
  readonly #records: PlannedRecord<F>[] = [];
  #end = 0;
  #continued = 0;

  add(record: { identifier: Uint8Array; target: Target<F>; entries: readonly Uint8Array[] }): void {
    const { identifier, target, entries } = record;
    const { inside, outside } = fit(identifier, entries);
    const room = inside.length + (outside === undefined ? 0 : CONTINUATION_LENGTH);
    const length = recordLength(identifier.length, room);
    const at = withinSector(this.#end, length);
    this.#end = at + length;
    const planned: PlannedRecord<F> = { identifier, target, at, systemUse: inside, continuation: undefined };
    if (outside !== undefined) {
      planned.continuation = { at: withinSector(this.#continued, outside.length), bytes: outside };
      this.#continued = planned.continuation.at + outside.length;
    }
    this.#records.push(planned);
  }

  finish(): { records: PlannedRecord<F>[]; size: number; sectors: number } {
    const sectors = sectorsOf(this.#end);
    return {
      records: this.#records,
      size: sectors * SECTOR,
      sectors: sectors + sectorsOf(this.#continued),
    };
  }
}

/** Puts as many entries as fit into the record, and the others into the continuation area. */
function fit(
  identifier: Uint8Array,
  entries: readonly Uint8Array[],
): { inside: Uint8Array; outside: Uint8Array | undefined } {
  const lengthOf = (parts: readonly Uint8Array[]) => parts.reduce((sum, { length }) => sum + length, 0);
  if (recordLength(identifier.length, lengthOf(entries)) <= MAX_RECORD) {
    return { inside: Buffer.concat(entries), outside: undefined };
  }
  let count = entries.length - 1;
  const fits = () =>
    recordLength(identifier.length, lengthOf(entries.slice(0, count)) + CONTINUATION_LENGTH) <= MAX_RECORD;
  while (!fits()) count--;
  return { inside: Buffer.concat(entries.slice(0, count)), outside: Buffer.concat(entries.slice(count)) };
}

function withinSector(at: number, length: number): number {
  const left = SECTOR - (at % SECTOR);
  return length <= left ? at : at + left;
}
