import { constants, copyFileSync, existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PlatterError } from "../../base/error.ts";

/**
 * Copies the log that an error names to another folder, because the log's folder will be removed. Returns an error that
 * names the copy. If the log cannot be copied, returns an error without it.
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
    // Removing the path first prevents the copy from following a link that another user made.
    rmSync(kept, { force: true });
    copyFileSync(log, kept, constants.COPYFILE_EXCL);
    return kept;
  } catch {
    return undefined;
  }
}
