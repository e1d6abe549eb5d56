import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { PlatterError } from "../error.ts";
import { writeError } from "../whole-file.ts";

/** Refuses an output that could not be written, before anything slow starts. @throws PlatterError `E_OUTPUT` */
export function checkOutput(path: string): string {
  const output = resolve(path);
  const folder = dirname(output);
  try {
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

/** The folder in which a file is to appear. */
export function folderOf(path: string): string {
  return dirname(resolve(path));
}
