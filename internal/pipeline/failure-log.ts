import { copyFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { PlatterError } from "../error.ts";

/** Copies the log that an error names out of a folder that is about to go, and names the copy instead. */
export function keepFailureLog(error: unknown): unknown {
  if (!(error instanceof PlatterError) || error.log === undefined || !existsSync(error.log)) return error;
  const kept = join(tmpdir(), `platter-${process.pid}-${basename(error.log)}`);
  copyFileSync(error.log, kept);
  const { code, kind, message, hint, detail, cause, log } = error;
  return new PlatterError({ code, kind, message, hint: hint?.replace(log, kept), detail, cause, log: kept });
}
