import { FFIType, ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import { libcIfAny } from "./libc.ts";
import { openUnnamed } from "./unnamed-file.ts";

const { i64 } = FFIType;
const libc = libcIfAny({
  memfd_create: { args: [FFIType.ptr, FFIType.u32], returns: FFIType.i32 },
  // Not every C library has functions for these calls.
  syscall: { args: [i64, i64, i64, i64, i64, i64], returns: FFIType.i64_fast },
});

/** Numbers of system calls, the same on all processors. */
const CALL = { fsopen: 430, fsconfig: 431, fsmount: 432 };
/** FSCONFIG_SET_STRING and FSCONFIG_CMD_CREATE of fsconfig(2). */
const [SET_STRING, CREATE] = [1, 6];
/** MFD_CLOEXEC of memfd_create(2), FSOPEN_CLOEXEC of fsopen(2), FSMOUNT_CLOEXEC of fsmount(2). */
const CLOSE_ON_EXEC = 1;
/** MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV and MOUNT_ATTR_NOEXEC of fsmount(2). */
const ATTRIBUTES = 2 | 4 | 8;

/**
 * Opens a new file that is in memory alone, for reading and writing; `name` shows in /proc. Returns its descriptor, -1 on
 * a machine that has no such files.
 */
export function openMemoryFile(name: string): number {
  return openOnMount(name) ?? libc()?.memfd_create(ptr(text(name)), CLOSE_ON_EXEC) ?? -1;
}

/**
 * On a tmpfs of its own that is mounted nowhere, whose pages are as large as what is written at a time: writing, reading
 * and giving back take half the processor time that they take with memfd_create. Undefined where this process or this
 * kernel cannot.
 */
function openOnMount(name: string): number | undefined {
  const mount = mountMemory();
  if (mount < 0) return undefined;
  try {
    return openUnnamed(`/proc/self/fd/${mount}`, name);
  } catch {
    return undefined;
  } finally {
    // The file keeps it for as long as it is open.
    closeSync(mount);
  }
}

/** A new tmpfs's descriptor, negative if it cannot be mounted. */
function mountMemory(): number {
  const context = call(CALL.fsopen, text("tmpfs"), CLOSE_ON_EXEC);
  if (context < 0) return context;
  try {
    // The writer limits the number of bytes.
    call(CALL.fsconfig, context, SET_STRING, text("size"), text("0"));
    // Kernels before 6.14 write small pages all the same, and those without large ones do not know the word.
    call(CALL.fsconfig, context, SET_STRING, text("huge"), text("within_size"));
    if (call(CALL.fsconfig, context, CREATE) < 0) return -1;
    return call(CALL.fsmount, context, CLOSE_ON_EXEC, ATTRIBUTES);
  } finally {
    closeSync(context);
  }
}

/** A system call's result, negative where it failed. */
function call(number: number, ...given: (number | Buffer)[]): number {
  // Looked up first: nothing is to happen between taking an address and using it.
  const functions = libc();
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = given.map((it) => (typeof it === "number" ? it : ptr(it)));
  return Number(functions?.syscall(number, a, b, c, d, e) ?? -1);
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
