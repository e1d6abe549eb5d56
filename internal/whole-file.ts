import { rmSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PlatterError } from "./error.ts";
import { errnoOf, machineError } from "./machine-error.ts";

/** Files and folders to remove at any end of the process, even one that runs no cleanup. */
const doomed = new Set<string>();
process.on("exit", () => {
  for (const path of doomed) removeNow(path);
});

/** A tool that was killed a moment ago may still put something into a folder that is being removed. */
function removeNow(path: string): void {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch {
      Bun.sleepSync(10);
    }
  }
}

/** Has a path removed at the end of the process, however it comes. The result takes it from the list again. */
export function removeAtExit(path: string): () => void {
  doomed.add(path);
  return () => void doomed.delete(path);
}

/**
 * Makes a file that appears only when it is whole: `write` makes it as `NAME.partial` beside its place, from where it
 * is renamed; on failure nothing of it stays.
 * @throws PlatterError see {@link writeError}, and whatever `write` throws that is no error of the system
 */
export async function writeWhole<T>(
  path: string,
  about: { code: string; write: (partial: string) => Promise<T> },
): Promise<T> {
  const partial = `${path}.partial`;
  const spare = removeAtExit(partial);
  try {
    await rm(partial, { force: true });
    const result = await about.write(partial);
    await rename(partial, path);
    return result;
  } catch (error) {
    // Why it failed is the news, also where the file cannot be removed.
    await rm(partial, { force: true }).catch(() => undefined);
    throw writeError(error, { code: about.code, path });
  } finally {
    spare();
  }
}

const WRITE_ERRORS: Readonly<Record<string, { code?: string; reason: string; hint: string }>> = {
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
  ENOTDIR: { reason: "it is no folder", hint: "Choose a folder that exists." },
};

/**
 * An error of the system while something was written, as a user needs it: `E_NO_SPACE`, or `code`. Other errors stay
 * as they are.
 */
export function writeError(error: unknown, about: { code: string; path: string }): unknown {
  if (error instanceof PlatterError || errnoOf(error) === undefined) return error;
  const message = `Cannot write \`${about.path}\``;
  const known = WRITE_ERRORS[errnoOf(error) ?? ""];
  if (known === undefined) return machineError(error, { code: about.code, message });
  return new PlatterError({
    code: known.code ?? about.code,
    kind: "machine",
    message: `${message}: ${known.reason}`,
    hint: known.hint,
    cause: error,
  });
}

/** What the system may refuse at any place, and no code can do anything about. */
const REFUSALS = new Set([
  "ENOSPC",
  "EDQUOT",
  "EROFS",
  "EIO",
  "EACCES",
  "EPERM",
  "EMFILE",
  "ENFILE",
  "ENOMEM",
]);

/** An error of the system that nobody expected where it came: no bug, for all that. Others stay as they are. */
export function systemError(error: unknown): unknown {
  const errno = errnoOf(error) ?? "";
  if (error instanceof PlatterError || !REFUSALS.has(errno)) return error;
  return machineError(error, {
    code: WRITE_ERRORS[errno]?.code ?? "E_MACHINE",
    message: "The system does not let platter go on",
    hint: WRITE_ERRORS[errno]?.hint ?? "Look at the disk and at the limits of this machine, and try again.",
  });
}
