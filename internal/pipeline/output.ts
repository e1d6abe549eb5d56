import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../error.ts";
import { followLinks } from "../output-place.ts";
import { writeError } from "../whole-file.ts";

/**
 * Refuses an output that could not be written, before anything slow starts. Returns the absolute path of the file that
 * will be written, which is another if the output is a link.
 * @throws PlatterError `E_OUTPUT`
 */
export function checkOutput(path: string): string {
  if (path === "-") throw noStream();
  let output: string;
  try {
    output = followLinks(path);
    const folder = dirname(output);
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw writeError(error, { code: "E_OUTPUT", path });
  }
  const there = statSync(output, { throwIfNoEntry: false });
  if (there === undefined || there.isFile()) return output;
  throw new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: `Cannot write \`${path}\`: it is ${there.isDirectory() ? "a folder" : "no regular file"}`,
    hint: "Name a file that is to be written.",
  });
}

function noStream(): PlatterError {
  return new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot write to standard output: platter goes back in a file to finish it",
    hint: "Name a file; write `./-` for a file of the name `-`.",
  });
}

/** The folder in which an output appears, of a path that {@link checkOutput} returned. */
export function folderOf(path: string): string {
  return dirname(path);
}
