import { accessSync, constants, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { PlatterError } from "../../base/error.ts";
import { nearestFolder } from "../../files/folders-above.ts";
import { followLinks } from "../../files/output-place.ts";
import { writeError } from "../../files/whole-file.ts";

/** Where a command writes its result. Paths are as the user wrote them. */
export type OutputTarget =
  | { kind: "file"; path: string }
  /** The name of the file follows from the plan. */
  | { kind: "folder"; path: string }
  /** Standard output. */
  | { kind: "stream" };

/**
 * The target of the option -o. A folder is one that exists, or whose name ends in `/`. In a folder the result gets
 * this `name`, or a name that follows from the plan if that is undefined.
 */
export function outputTarget(given: string, name?: string): OutputTarget {
  if (given === "-") return { kind: "stream" };
  if (!given.endsWith("/") && !isFolder(given)) return { kind: "file", path: given };
  return name === undefined ? { kind: "folder", path: given } : { kind: "file", path: join(given, name) };
}

/** The name of an ISO for which the user did not choose one: `LABEL-ARCHITECTURE.iso`. */
export function isoName({ label, architecture }: { label: string; architecture: string }): string {
  const safe = label.replace(/[^\p{L}\p{N}._+-]+/gu, "_").replace(/^\./, "_");
  // The default label of most images has the architecture in it.
  return safe.includes(architecture) ? `${safe}.iso` : `${safe}-${architecture}.iso`;
}

/**
 * Refuses an output that cannot be written, before anything slow starts. Returns the absolute path of the output, with
 * links resolved. Folders above the output may be missing.
 * @throws PlatterError `E_OUTPUT`
 */
export function checkOutput(path: string): string {
  return resolved(path, (target) => {
    // A pipe to which a link in /proc leads does not have a path, so the link is asked first.
    refuseOther(path, statSync(path, { throwIfNoEntry: false }));
    requireWritable(dirname(target));
  });
}

/** Refuses what is at the path of an output, if it is not a regular file. @throws PlatterError `E_OUTPUT` */
function refuseOther(path: string, there: Stats | undefined): void {
  if (there === undefined || there.isFile()) return;
  const what = there.isDirectory() ? "a folder" : "not a regular file";
  throw new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: `Cannot write \`${path}\`: it is ${what}`,
    hint: "Name an output file, or `-` for standard output.",
  });
}

/** The same for a folder in which files will be written. */
export function checkOutputFolder(path: string): string {
  return resolved(path, requireWritable);
}

/** The absolute path after `check`, with links resolved. @throws PlatterError `E_OUTPUT` */
function resolved(path: string, check: (target: string) => void): string {
  try {
    const target = followLinks(path);
    check(target);
    return target;
  } catch (error) {
    throw writeError(error, { code: "E_OUTPUT", path });
  }
}

/** Checks that files can be made in a folder, or that the folder can be made. @throws the system's error */
function requireWritable(folder: string): void {
  const nearest = nearestFolder(join(folder, "file")).folder;
  if (!statSync(nearest).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
  accessSync(nearest, constants.W_OK | constants.X_OK);
}

/** The folder of an output path that {@link checkOutput} returned. */
export function folderOf(path: string): string {
  return dirname(path);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    // Claiming the output reports problems of the path.
    return false;
  }
}
