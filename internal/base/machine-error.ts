import { getSystemErrorMap } from "node:util";
import { PlatterError } from "./error.ts";
import type { ErrorCodeOf } from "./error-codes.ts";

/** Codes of errors that the system may cause. */
export type MachineErrorCode = ErrorCodeOf<"machine">;

/** The message and code for a failed system call. */
export interface FailedCall {
  code: MachineErrorCode;
  /** `Cannot read `/tmp/image.tar``: the system's reason is added. */
  message: string;
  hint?: string | undefined;
}

/** An operating system error as a {@link PlatterError} of kind `machine`; a PlatterError is returned unchanged. */
export function machineError(cause: unknown, call: FailedCall): PlatterError {
  if (cause instanceof PlatterError) return cause;
  return new PlatterError({
    code: call.code,
    kind: "machine",
    message: `${call.message}: ${reasonOf(cause)}`,
    hint: call.hint,
    cause,
  });
}

/** The errno name of an error (`ENOENT`), if it has one. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  ENOSPC: "no space left on the device",
  EDQUOT: "the disk quota is used up",
  EIO: "input/output error",
  EISDIR: "it is a directory",
  ENOTDIR: "not a directory",
  ELOOP: "it is a symbolic link, or its links lead nowhere",
  ENAMETOOLONG: "the name is too long",
  EROFS: "the file system is read-only",
  EBUSY: "it is in use",
  EEXIST: "it exists already",
  ENOTEMPTY: "the directory is not empty",
  EMFILE: "too many open files",
  EUCLEAN: "the file system is damaged",
  ESTALE: "the file is gone from its network file system",
  ENOMEDIUM: "the drive has no medium",
  EFBIG: "the file is larger than the file system or a limit allows",
  EPIPE: "its reader ended before the end",
};

/** The texts of all errors of the system, by their errno names. */
const SYSTEM_TEXTS = new Map<string, string>(getSystemErrorMap().values());

/** The reason of the system in words, such as `permission denied`. */
export function reasonOf(error: unknown): string {
  const errno = errnoOf(error)?.replace(/^ERR_FS_/, "") ?? "";
  const text = REASONS[errno] ?? SYSTEM_TEXTS.get(errno);
  if (text !== undefined) return text;
  if (/^E[A-Z0-9]+$/.test(errno)) return errno;
  return error instanceof Error ? error.message : String(error);
}
