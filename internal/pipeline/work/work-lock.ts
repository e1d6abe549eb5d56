import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { removeAtExit } from "../../base/at-exit.ts";
import { PlatterError } from "../../base/error.ts";
import { type FileLock, signerOf } from "../../files/file-lock.ts";
import { FolderInUse, lockFolder } from "../../files/held-folder.ts";

/** Names of what is being written, of an unpacked layout and of a shut-in tool's folder. */
const UNFINISHED = /\.partial$|^\.layout-\w{6}$|^\.enclosed-\w{6}$/;

/**
 * Locks the user's work folder, creating it if necessary, and removes what a killed run left unfinished in it and in
 * these folders of it. Returns also the names of what was removed.
 * @throws PlatterError `E_WORK_LOCKED`; the system's error
 */
export function holdWorkFolder(
  path: string,
  folders: readonly string[],
): { held: Disposable; leftovers: string[] } {
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
    const leftovers = unfinishedIn(path, folders);
    for (const name of leftovers) rmSync(`${path}/${name}`, { recursive: true, force: true });
    return { held, leftovers: wasKilled ? ["lock", ...leftovers] : leftovers };
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

/** @throws PlatterError `E_WORK_LOCKED` */
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

/** What a run that was killed left unfinished in its work folder, by name. */
function unfinishedIn(path: string, folders: readonly string[]): string[] {
  return ["", ...folders.map((folder) => `${folder}/`)].flatMap((folder) => {
    if (!existsSync(`${path}/${folder}`)) return [];
    const names = readdirSync(`${path}/${folder}`);
    return names.filter((name) => UNFINISHED.test(name)).map((name) => `${folder}${name}`);
  });
}
