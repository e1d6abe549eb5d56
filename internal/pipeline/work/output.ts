import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../../base/error.ts";
import { followLinks } from "../../files/output-place.ts";
import { writeError } from "../../files/whole-file.ts";

/**
 * Refuses an output that cannot be written, before anything slow starts. Returns the absolute path of the output, with
 * links resolved.
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
    message: `Cannot write \`${path}\`: it is ${there.isDirectory() ? "a folder" : "not a regular file"}`,
    hint: "Name an output file.",
  });
}

function noStream(): PlatterError {
  return new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot write to standard output: platter must write earlier parts of the output again",
    hint: "Name a file, or write `./-` for a file with the name `-`.",
  });
}

/** The folder of an output path that {@link checkOutput} returned. */
export function folderOf(path: string): string {
  return dirname(path);
}
