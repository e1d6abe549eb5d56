import { constants, copyFileSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PlatterError } from "../../base/error.ts";

/**
 * Copies the log that an error names out of a folder that is about to go, and names the copy instead. Where it cannot
 * be copied, the error still says what happened.
 */
export function keepFailureLog(error: unknown): unknown {
  if (!(error instanceof PlatterError) || error.log === undefined || !existsSync(error.log)) return error;
  const { details, hint, log } = error;
  const kept = copyOf(log);
  if (kept === undefined) return new PlatterError({ ...details, hint: undefined, log: undefined });
  return new PlatterError({ ...details, hint: hint?.replace(log, kept), log: kept });
}

function copyOf(log: string): string | undefined {
  const kept = join(tmpdir(), `platter-${process.pid}-${basename(log)}`);
  try {
    // What somebody else put there is not followed.
    rmSync(kept, { force: true });
    copyFileSync(log, kept, constants.COPYFILE_EXCL);
    return kept;
  } catch {
    return undefined;
  }
}
