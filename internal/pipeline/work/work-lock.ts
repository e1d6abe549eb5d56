import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { removeAtExit } from "../../base/at-exit.ts";
import { PlatterError } from "../../base/error.ts";
import { type FileLock, signerOf } from "../../files/file-lock.ts";
import { FolderInUse, lockFolder } from "../../files/held-folder.ts";
import { isWorkFolder, type WorkNames } from "./work-folder.ts";

/** Names of unfinished files, unpacked layouts, and folders of confined tools and of an unfinished ISO. */
const UNFINISHED = /\.partial$|^\.layout-\w{6}$|^\.enclosed-\w{6}$|^\.platter-[0-9a-f]{16}$/;

/**
 * Locks the user's work folder, creating it if necessary, and removes the unfinished files of a killed run. Also
 * returns the names of the removed files.
 * @throws PlatterError `E_WORK_LOCKED`; the system's error
 */
export function holdWorkFolder(path: string, names: WorkNames): { held: Disposable; leftovers: string[] } {
  const lock = lockUserFolder(path);
  const spare = removeAtExit(lock.path);
  const held = {
    [Symbol.dispose]() {
      lock.release();
      spare();
    },
  };
  try {
    const wasKilled = signerOf(lock.path) !== undefined;
    lock.sign();
    const leftovers = isWorkFolder(path, names) ? unfinishedIn(path, names) : [];
    for (const name of leftovers) rmSync(`${path}/${name}`, { recursive: true, force: true });
    return { held, leftovers: wasKilled ? ["lock", ...leftovers] : leftovers };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** Locks the user's folder. @throws PlatterError `E_WORK_LOCKED` */
function lockUserFolder(path: string): FileLock {
  try {
    return lockFolder(path, () => mkdirSync(path, { recursive: true }));
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new PlatterError({
      code: "E_WORK_LOCKED",
      kind: "usage",
      message: `Cannot use the work directory: ${error.who} is using it`,
      hint: `Wait for that process to end, or name another folder than \`${path}\` with --work.`,
    });
  }
}

/**
 * Names of the unfinished files of a killed run. At the top of the folder, a file `*.partial` may belong to the user,
 * and is not listed.
 */
function unfinishedIn(path: string, { receipts, others }: WorkNames): string[] {
  return ["", receipts, ...others].flatMap((folder) => {
    if (!isFolder(`${path}/${folder}`)) return [];
    const names = readdirSync(`${path}/${folder}`).filter((name) => UNFINISHED.test(name));
    if (folder === "") return names.filter((name) => !name.endsWith(".partial") || others.includes(name));
    return names.map((name) => `${folder}/${name}`);
  });
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
