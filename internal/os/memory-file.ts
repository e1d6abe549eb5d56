import { FFIType, ptr } from "bun:ffi";
import { libcIfAny } from "./libc.ts";

const libc = libcIfAny({
  memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
});

/** MFD_CLOEXEC of memfd_create(2). */
const CLOSE_ON_EXEC = 1;

/**
 * Opens a new file that is only in memory, for reading and writing. `name` is shown in /proc. Returns its descriptor, or a
 * negative number if the system has no such files.
 */
export function openMemoryFile(name: string): number {
  const functions = libc();
  const bytes = Buffer.from(`${name}\0`);
  return functions?.memfd_create(ptr(bytes), CLOSE_ON_EXEC) ?? -1;
}
