import { PlatterError } from "../base/error.ts";
import { errnoOf, machineError } from "../base/machine-error.ts";
import { temporaryHint } from "./temporary-folder.ts";
import { WRITE_ERRORS } from "./whole-file.ts";

/** Errors that the system may report anywhere. They are the system's even without a path or the name of a call. */
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
/** Errors that only writing causes, for any call. */
const WRITE_ONLY = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

/** The verb for each system call, for messages. */
const VERBS: Readonly<Record<string, string>> = {
  unlink: "remove",
  rmdir: "remove",
  rm: "remove",
  mkdir: "create",
  mkdtemp: "create",
  rename: "rename",
  write: "write",
  ftruncate: "write",
  copyfile: "copy",
  link: "link",
};

/** Converts an unexpected error of the system into an error of the machine. Other errors are returned unchanged. */
export function systemError(error: unknown): unknown {
  if (error instanceof PlatterError || typeof error !== "object" || error === null) return error;
  const errno = errnoOf(error)?.replace(/^ERR_FS_/, "") ?? "";
  const { path, syscall } = error as { path?: unknown; syscall?: unknown };
  const isOfSystem = /^E[A-Z0-9]+$/.test(errno) && (typeof syscall === "string" || typeof path === "string");
  if (!isOfSystem && !REFUSALS.has(errno)) return error;
  const verb = WRITE_ONLY.has(errno) ? "write" : (VERBS[String(syscall)] ?? "read");
  return machineError(error, {
    code: WRITE_ERRORS[errno]?.code ?? "E_MACHINE",
    message: typeof path === "string" ? `Cannot ${verb} \`${path}\`` : "Cannot continue",
    hint: (typeof path === "string" ? temporaryHint(path) : undefined) ?? hintFor(errno),
  });
}

function hintFor(errno: string): string | undefined {
  return WRITE_ONLY.has(errno)
    ? WRITE_ERRORS[errno]?.hint
    : "Check the disk and the limits of this machine, and try again.";
}
