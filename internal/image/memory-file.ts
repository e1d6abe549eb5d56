import { FFIType, ptr } from "bun:ffi";
import { libcIfAny } from "../libc.ts";

const libc = libcIfAny({
  memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
});

/** MFD_CLOEXEC of memfd_create(2). */
const CLOSE_ON_EXEC = 1;

/**
 * Opens a new file that is in memory alone, for reading and writing; `name` shows in /proc. Returns its descriptor, -1 on
 * a machine that has no such files.
 */
export function openMemoryFile(name: string): number {
  return libc()?.memfd_create(ptr(Buffer.from(`${name}\0`)), CLOSE_ON_EXEC) ?? -1;
}
