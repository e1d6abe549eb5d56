import { PlatterError } from "../../base/error.ts";

/** The error for a file of the host that other programs changed during the run. */
export function fileChanged(path: string): PlatterError {
  return new PlatterError({
    code: "E_FILE_CHANGED",
    kind: "machine",
    message: `Cannot use \`${path}\`: it changed while the ISO was made`,
    hint: "Make sure that no other program changes the file, and try again.",
  });
}
