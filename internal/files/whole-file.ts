import { type Stats, statSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { removeAtExit } from "../base/at-exit.ts";
import { PlatterError } from "../base/error.ts";
import { errnoOf, type MachineErrorCode, machineError } from "../base/machine-error.ts";
import { followLinks, holdOutput } from "./output-place.ts";
import { temporaryHint } from "./temporary-folder.ts";

/**
 * Makes an output file that appears only when it is complete. `write` makes a file with another name in the same file
 * system, which is then renamed. Until then no other process writes the same output. A link is followed.
 * @throws PlatterError `E_OUTPUT_LOCKED`, see {@link writeError}, and errors of `write` that are not the system's
 */
export async function writeWhole<T>(
  path: string,
  options: { code: MachineErrorCode; write: (partial: string) => Promise<T> },
): Promise<T> {
  try {
    const target = followLinks(path);
    using place = holdOutput(target);
    return await writeAside(target, { ...options, partial: place.partial });
  } catch (error) {
    throw writeError(error, { code: options.code, path });
  }
}

/**
 * Makes a file, in a folder that this process holds, that appears only when it is complete. `write` makes
 * `NAME.partial`, which is then renamed. On failure it is removed. For outputs that a user names see `writeWhole`.
 * @throws PlatterError see {@link writeError}, and errors of `write` that are not the system's
 */
export async function writeInHeldFolder<T>(
  path: string,
  options: { code: MachineErrorCode; write: (partial: string) => Promise<T> },
): Promise<T> {
  return writeAside(path, { ...options, partial: `${path}.partial` });
}

/** Makes a file at `partial` and renames it to `path`; on failure neither is changed. */
async function writeAside<T>(
  path: string,
  options: { code: MachineErrorCode; partial: string; write: (partial: string) => Promise<T> },
): Promise<T> {
  const { partial } = options;
  const spare = removeAtExit(partial);
  try {
    await rm(partial, { recursive: true, force: true });
    const result = await options.write(partial);
    await rename(partial, path);
    return result;
  } catch (error) {
    // Report the first error, even if the file cannot be removed.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(error, { code: options.code, path });
  } finally {
    spare();
  }
}

/** The messages for errors of the system during writing. */
export const WRITE_ERRORS: Readonly<
  Record<string, { code?: MachineErrorCode; reason: string; hint: string }>
> = {
  ENOSPC: {
    code: "E_NO_SPACE",
    reason: "no space is left on the device",
    hint: "Free some space, or put the output and --work on a larger file system.",
  },
  EDQUOT: {
    code: "E_NO_SPACE",
    reason: "the disk quota is used up",
    hint: "Free some space, or put the output and --work where there is more of it.",
  },
  EROFS: {
    reason: "the file system is read-only",
    hint: "Choose a folder on a file system that can be written to.",
  },
  EACCES: { reason: "permission denied", hint: "Choose a folder that you may write to." },
  EPERM: { reason: "operation not permitted", hint: "Choose a folder that you may write to." },
  ENOENT: { reason: "no such file or directory", hint: "Choose a folder that exists." },
  ELOOP: { reason: "its symbolic links lead nowhere", hint: "Name a file that is not such a link." },
  ENAMETOOLONG: { reason: "the name is too long", hint: "Choose a shorter name." },
  EEXIST: { reason: "a file has this name", hint: "Choose another name." },
  EFBIG: {
    reason: "the file is larger than the file system or a limit allows",
    hint: "Choose a file system for large files, and check `ulimit -f`.",
  },
  ENOTDIR: { reason: "a part of the path is not a folder", hint: "Name a file in a folder." },
};

/** Converts an error of the system during writing into `E_NO_SPACE` or `code`. Other errors are returned unchanged. */
export function writeError(error: unknown, options: { code: MachineErrorCode; path: string }): unknown {
  if (error instanceof PlatterError || errnoOf(error) === undefined) return error;
  const message = `Cannot write \`${options.path}\``;
  const known = WRITE_ERRORS[errnoOf(error) ?? ""];
  if (known === undefined)
    return machineError(error, { code: options.code, message, hint: temporaryHint(options.path) });
  return new PlatterError({
    code: known.code ?? options.code,
    kind: "machine",
    message: `${message}: ${fileInPath(error, options.path) ?? known.reason}`,
    hint: temporaryHint(options.path) ?? known.hint,
    cause: error,
  });
}

/** The reason for an error of a path that goes through a file as if that were a folder. Undefined for other errors. */
function fileInPath(error: unknown, path: string): string | undefined {
  if (errnoOf(error) !== "ENOTDIR" && errnoOf(error) !== "EEXIST") return undefined;
  for (let above = dirname(path); ; above = dirname(above)) {
    const info = statOf(above);
    if (info?.isDirectory() === false) return `\`${above}\` is not a folder`;
    if (info !== undefined || above === dirname(above)) return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Writes a text to a file that the user named. @throws PlatterError `E_OUTPUT` */
export function writeText(path: string, text: string): Promise<void> {
  return writeWhole(path, { code: "E_OUTPUT", write: (partial) => writeFile(partial, text) });
}
