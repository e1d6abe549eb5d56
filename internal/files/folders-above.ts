import { mkdirSync, realpathSync, rmdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Creates a folder and the missing folders above it. Disposing of the result removes those that were created here, as
 * far as they are empty.
 * @throws the system's error
 */
export function makeFolders(path: string): Disposable {
  const first = mkdirSync(path, { recursive: true });
  return {
    [Symbol.dispose]() {
      if (first === undefined) return;
      for (let folder = path; folder.length >= first.length; folder = dirname(folder)) {
        try {
          rmdirSync(folder);
        } catch {
          // The folder has files, or somebody else removed it.
          return;
        }
      }
    },
  };
}

/** The nearest folder above a path that exists, and the rest of the path. */
export function nearestFolder(path: string): { folder: string; rest: string } {
  let folder = dirname(path);
  let rest = basename(path);
  while (statSync(folder, { throwIfNoEntry: false }) === undefined) {
    rest = join(basename(folder), rest);
    folder = dirname(folder);
  }
  return { folder: realpathSync(folder), rest };
}
