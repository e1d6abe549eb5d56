import { shownPath, tarError } from "../../tar/tar-error.ts";

/** Length in bytes of the longest name in Linux. */
const MAX_NAME = 255;

/** Length in bytes of the longest path and target of a symlink in Linux. PATH_MAX includes the NUL. */
export const MAX_PATH = 4095;

/**
 * An archive member's path without `.`, doubled slashes and `..`, as in podman, which uses Go's `filepath.Clean`; the
 * root is "". @throws PlatterError `E_TAR_PATH` if it leads above the root, is too long, or has an invalid character
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

/** @throws PlatterError `E_TAR_PATH` if a name is too long for file systems */
export function checkName(name: string, archive: string): void {
  if (name.length <= MAX_NAME) return;
  const problem = `the name \`${name.slice(0, 40)}…\` is longer than ${MAX_NAME} bytes`;
  throw tarError("E_TAR_PATH", archive, problem);
}

/** A fast check, since most paths are clean. */
function isClean(path: string): boolean {
  return path.length <= MAX_NAME && !/^$|^[/.]|\/(\/|\.\.?(\/|$)|$)|\0/.test(path);
}
