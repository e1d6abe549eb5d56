import { FFIType, ptr } from "bun:ffi";
import { closeSync, constants, openSync } from "node:fs";
import { ERRNO_LOCATION, errnoOfCall, libcIfAny } from "./libc.ts";

/** A path of one system call has at most 4096 bytes with its NUL (Linux). */
const PATH_LIMIT = 4095;

const AT_FDCWD = -100;
const ELOOP = 40;
/** The same number on all architectures (Linux, include/uapi/asm-generic/unistd.h). */
const OPENAT2 = 437;
const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_SYMLINKS = 4;

const libc = libcIfAny({
  syscall: {
    args: [FFIType.i64, FFIType.i32, FFIType.ptr, FFIType.ptr, FFIType.u64],
    returns: FFIType.i64_fast,
  },
  ...ERRNO_LOCATION,
} as const);

const pathBytes = Buffer.from(new ArrayBuffer(PATH_LIMIT + 1));
const pathPointer = ptr(pathBytes);
/** `struct open_how`: flags, mode, resolve. */
const how = new BigUint64Array(3);

/**
 * Opens an absolute path of any length, with one character for each byte. No component of the path may be a symlink. On
 * Linux before 5.6, this holds only for the last component. Returns the descriptor. @throws the system's error
 */
export function openNoFollow(path: string, flags: number): number {
  let folder = AT_FDCWD;
  let rest = path;
  try {
    while (rest.length > PATH_LIMIT) {
      const cut = rest.lastIndexOf("/", PATH_LIMIT);
      const next = openAt(folder, rest.slice(0, cut), constants.O_RDONLY | constants.O_DIRECTORY);
      if (folder !== AT_FDCWD) closeSync(folder);
      folder = next;
      rest = rest.slice(cut + 1);
    }
    return openAt(folder, rest, flags);
  } finally {
    if (folder !== AT_FDCWD) closeSync(folder);
  }
}

function openAt(folder: number, path: string, flags: number): number {
  const functions = libc();
  if (functions !== undefined) {
    pathBytes[pathBytes.write(path, "latin1")] = 0;
    how[0] = BigInt(flags | O_CLOEXEC);
    how[2] = BigInt(RESOLVE_NO_SYMLINKS);
    const fd = Number(functions.syscall(OPENAT2, folder, pathPointer, ptr(how), 24));
    if (fd >= 0) return fd;
    if (errnoOfCall(functions) === ELOOP) throw Object.assign(new Error("ELOOP"), { code: "ELOOP" });
  }
  // Repeated for the error, and for systems without openat2.
  const whole = folder === AT_FDCWD ? path : `/proc/self/fd/${folder}/${path}`;
  return openSync(Buffer.from(whole, "latin1"), flags | constants.O_NOFOLLOW);
}
