import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { PlatterError } from "../../base/error.ts";

/** Longest content of a lock file that an owner signs: a process id and a line break. */
const LONGEST_SIGNATURE = 32;

/** The names that platter writes in a work directory. */
export interface WorkNames {
  /** The folder of receipts, which is made first and marks a work directory. */
  receipts: string;
  lock: string;
  others: readonly string[];
}

/** Whether platter made the folder: it has a folder of receipts, with nothing else in it. */
export function isWorkFolder(path: string, { receipts }: WorkNames): boolean {
  return namesIn(`${path}/${receipts}`)?.every((name) => /\.json(\.partial)?$/.test(name)) === true;
}

/**
 * Refuses a folder that platter did not make and that has an entry of a name that platter writes.
 * @throws PlatterError `E_WORK_FOREIGN`
 */
export function requireWorkFolder(path: string, names: WorkNames): void {
  // Making a folder in a file or in nothing fails later.
  if (namesIn(`${path}/.`) === undefined || isWorkFolder(path, names)) return;
  const found = [names.receipts, ...names.others].filter((name) => isTaken(`${path}/${name}`));
  if (isForeignLock(`${path}/${names.lock}`)) found.push(names.lock);
  if (found.length === 0) return;
  throw new PlatterError({
    code: "E_WORK_FOREIGN",
    kind: "usage",
    message: `Cannot use \`${path}\` as a work directory: it has ${found.map((name) => `\`${name}\``).join(", ")}, which platter did not make and would replace`,
    hint: "Name a new or an empty folder with --work.",
  });
}

/** Whether something has the path. An empty folder does not count: nothing can be lost in it. */
function isTaken(path: string): boolean {
  const names = namesIn(path);
  return names === undefined ? exists(path) : names.length > 0;
}

/** Whether a file has content that is not the process id of a lock's owner. */
function isForeignLock(path: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return false;
  if (!there.isFile() || there.size > LONGEST_SIGNATURE) return true;
  return !/^\d*\n?$/.test(readFileSync(path, "latin1"));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Undefined for anything but a folder that can be read. */
function namesIn(path: string): string[] | undefined {
  try {
    return lstatSync(path).isDirectory() ? readdirSync(path) : undefined;
  } catch {
    return undefined;
  }
}
