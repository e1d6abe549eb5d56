import { lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PlatterError } from "../base/error.ts";
import { nearestFolder } from "./folders-above.ts";
import { followLinks } from "./output-place.ts";

/** A path with the option or argument that names it, such as `--config`. */
export interface NamedPath {
  option: string;
  path: string;
}

/** The identity of the file at a path, through symlinks and hard links. The file may be absent. */
interface FileIdentity {
  /** Device and inode, if the file exists. */
  id: string | undefined;
  /** Device and inode of the nearest folder that exists, and the path below it. */
  name: string;
  /** Device and inode of each folder above, in the same file system. */
  above: ReadonlySet<string>;
  /** Whether a file has several names, so that another folder may contain it too. */
  isLinked: boolean;
}

/**
 * Compares all outputs with all inputs and with each other, by device and inode. `fills` are folders in which platter
 * creates files.
 * @throws PlatterError `E_SAME_FILE` if an output is an input too, or is in a folder that is an input
 */
export function requireApart(paths: {
  reads: readonly NamedPath[];
  writes: readonly NamedPath[];
  fills: readonly NamedPath[];
}): void {
  const reads = paths.reads.map(identified);
  const writes = paths.writes.map(identified);
  for (const folder of paths.fills.map(identified)) {
    for (const read of reads) {
      if (isSame(folder.identity, read.identity)) throw sameFile(folder, read);
      if (isWithin(folder, read)) throw withinFolder(folder, read);
    }
  }
  for (const [index, write] of writes.entries()) {
    for (const other of [...reads, ...writes.slice(0, index)]) {
      if (isSame(write.identity, other.identity)) throw sameFile(write, other);
      if (isWithin(write, other)) throw withinFolder(write, other);
      if (isWithin(other, write)) throw withinFolder(other, write);
    }
  }
}

type Identified = NamedPath & { identity: FileIdentity | undefined };

function identified(named: NamedPath): Identified {
  return { ...named, identity: identityOf(named.path) };
}

/** Undefined if the path cannot be examined. Folders of the path may be absent: platter creates those of --work. */
function identityOf(path: string): FileIdentity | undefined {
  try {
    const target = followLinks(path);
    const there = statSync(target, { throwIfNoEntry: false });
    const { folder, rest } = nearestFolder(target);
    const name = `${idOf(statSync(folder))}/${rest}`;
    const isLinked = there?.isFile() === true && there.nlink > 1;
    return { id: there && idOf(there), name, above: foldersFrom(folder), isLinked };
  } catch {
    return undefined;
  }
}

function foldersFrom(folder: string): Set<string> {
  const above = new Set<string>();
  const { dev } = statSync(folder);
  for (let path = folder; ; path = dirname(path)) {
    const there = statSync(path);
    if (there.dev !== dev) return above;
    above.add(idOf(there));
    if (path === dirname(path)) return above;
  }
}

function isSame(a: FileIdentity | undefined, b: FileIdentity | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.name === b.name || (a.id !== undefined && a.id === b.id);
}

function isWithin(inner: Identified, outer: Identified): boolean {
  if (inner.identity === undefined || outer.identity?.id === undefined) return false;
  if (inner.identity.above.has(outer.identity.id)) return true;
  return inner.identity.isLinked && holds(outer.path, inner.identity.id);
}

/** Whether a folder has a file of this device and inode, at any depth. */
function holds(folder: string, id: string | undefined): boolean {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => {
    if (!entry.isFile()) return false;
    const there = lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    return there !== undefined && idOf(there) === id;
  });
}

function idOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function sameFile(write: NamedPath, other: NamedPath): PlatterError {
  return new PlatterError({
    code: "E_SAME_FILE",
    kind: "usage",
    message: `Cannot write \`${write.path}\`: ${write.option} and ${other.option} name the same path`,
    hint: `Name another path with ${write.option}.`,
  });
}

function withinFolder(inner: NamedPath, outer: NamedPath): PlatterError {
  const movable = [inner, outer].find(({ option }) => option.startsWith("-")) ?? outer;
  return new PlatterError({
    code: "E_SAME_FILE",
    kind: "usage",
    message: `Cannot use \`${inner.path}\` for ${inner.option}: it is part of \`${outer.path}\`, which belongs to ${outer.option}`,
    hint: `Name a path elsewhere with ${movable.option}.`,
  });
}
