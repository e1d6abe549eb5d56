import { accessSync, constants, statSync } from "node:fs";
import { tmpdir } from "node:os";

/**
 * The hint for an error of writing to the folder for temporary files, or below it if it is not usable. Undefined for
 * other paths.
 */
export function temporaryHint(path: string): string | undefined {
  const folder = tmpdir();
  const isUnusable = path === folder || (path.startsWith(`${folder}/`) && !isUsable(folder));
  if (!isUnusable) return undefined;
  return "Set TMPDIR to a folder that exists and that you may write to.";
}

function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
