import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { PlatterError } from "../../base/error.ts";

/** Most bytes of a lock file that its owner signed: a process id and a line break. */
const LONGEST_SIGNATURE = 32;

/** The names that platter writes in a work directory. */
export interface WorkNames {
  /** The folder of receipts. It is made first and marks a work directory. */
  receipts: string;
  lock: string;
  others: readonly string[];
}

/** Whether platter made the folder. Such a folder has a folder of receipts with nothing else in it. */
export function isWorkFolder(path: string, { receipts }: WorkNames): boolean {
  return namesIn(`${path}/${receipts}`)?.every((name) => /\.json(\.partial)?$/.test(name)) === true;
}

/**
 * Refuses a folder that platter did not make if it has an entry with a name that platter writes.
 * @throws PlatterError `E_WORK_FOREIGN`
 */
export function requireWorkFolder(path: string, names: WorkNames): void {
  // If the path is a file or its parent is missing, making the folder fails later.
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

/** Whether a file or a folder with entries has the path. An empty folder does not count: it has nothing to lose. */
function isTaken(path: string): boolean {
  const names = namesIn(path);
  return names === undefined ? exists(path) : names.length > 0;
}

/** Whether a file has other content than the process id of a lock's owner. */
function isForeignLock(path: string): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined) return false;
  if (!there.isFile() || there.size > LONGEST_SIGNATURE) return true;
  return !/^\d*\n?$/.test(readFileSync(path, "latin1"));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The names in a folder. Undefined if the path is not a readable folder. */
function namesIn(path: string): string[] | undefined {
  try {
    return lstatSync(path).isDirectory() ? readdirSync(path) : undefined;
  } catch {
    return undefined;
  }
}
