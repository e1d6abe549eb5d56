import { FFIType, ptr } from "bun:ffi";
import { openLibc } from "../libc.ts";

const SYMBOLS = {
  memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
} as const;

/** MFD_CLOEXEC of memfd_create(2). */
const CLOSE_ON_EXEC = 1;

let opened: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/**
 * Opens a new file that is in memory alone, for reading and writing; `name` shows in /proc. Returns its descriptor, -1 on
 * a machine that has no such files.
 */
export function openMemoryFile(name: string): number {
  opened ??= openLibc(SYMBOLS);
  return opened.functions?.memfd_create(ptr(Buffer.from(`${name}\0`)), CLOSE_ON_EXEC) ?? -1;
}
