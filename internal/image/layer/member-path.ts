import { shownPath, tarError } from "../../tar/tar-error.ts";

/** Longest name that Linux takes, in bytes. */
const MAX_NAME = 255;

/** Longest path and target of a symlink that Linux takes, in bytes: PATH_MAX counts the NUL. */
export const MAX_PATH = 4095;

/**
 * An archive member's path without `.`, doubled slashes and `..`, as Go's `filepath.Clean` and so podman has it; the root
 * is "". @throws PlatterError `E_TAR_PATH` if it leads above the root, is too long, or holds what no name may hold
 */
export function cleanedPath(path: string, archive: string): string {
  if (isClean(path)) return path;
  if (path.includes("\0")) throw tarError("E_TAR_PATH", archive, "a path holds a NUL byte");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    checkName(part, archive);
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined && !path.startsWith("/")) {
      throw tarError("E_TAR_PATH", archive, `${shownPath(path)} is outside the image's root`);
    }
  }
  const cleaned = parts.join("/");
  if (cleaned.length <= MAX_PATH) return cleaned;
  const problem = `the path ${shownPath(cleaned)} has ${cleaned.length} bytes, and Linux takes ${MAX_PATH}`;
  throw tarError("E_TAR_PATH", archive, problem);
}

/** @throws PlatterError `E_TAR_PATH` if a name is longer than file systems hold */
export function checkName(name: string, archive: string): void {
  if (name.length <= MAX_NAME) return;
  const problem = `the name \`${name.slice(0, 40)}…\` is longer than ${MAX_NAME} bytes`;
  throw tarError("E_TAR_PATH", archive, problem);
}

/** Most paths are clean: this must be cheap. */
function isClean(path: string): boolean {
  return path.length <= MAX_NAME && !/^$|^[/.]|\/(\/|\.\.?(\/|$)|$)|\0/.test(path);
}
