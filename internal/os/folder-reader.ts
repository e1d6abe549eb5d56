import { FFIType, type Pointer, ptr } from "bun:ffi";
import { closeSync, constants } from "node:fs";
import { ARCHITECTURE_NAMES, ARCHITECTURES, hostArchitecture } from "../base/architecture.ts";
import { EntryStatus } from "./entry-status.ts";
import { ERRNO_LOCATION, errorOfCall, libcOnDemand } from "./libc.ts";
import { openNoFollow } from "./open-nofollow.ts";
import { readXattrs } from "./xattr.ts";

/** AT_SYMLINK_NOFOLLOW, AT_NO_AUTOMOUNT and AT_EMPTY_PATH of statx(2). */
const FLAGS = 0x100 | 0x800 | 0x1000;
const STATX_BASIC_STATS = 0x7ff;
/** Not every C library has these system calls as functions. Bun runs only on architectures that platter knows. */
const { statx, getdents64 } = ARCHITECTURES[hostArchitecture() ?? ARCHITECTURE_NAMES[0]].systemCalls;

const { ptr: POINTER, i32, i64, i64_fast, u32, u64 } = FFIType;

const libc = libcOnDemand({
  syscall: { args: [i64, i32, POINTER, i32, u32, POINTER], returns: i64_fast },
  readlinkat: { args: [i32, POINTER, POINTER, u64], returns: i64_fast },
  ...ERRNO_LOCATION,
} as const);

/** Offsets in `struct linux_dirent64` (getdents64(2)). */
const RECORD_LENGTH = 16;
const NAME = 19;
const entries = Buffer.from(new ArrayBuffer(32 * 1024));
/** Linux takes targets of up to 4095 bytes. */
const target = Buffer.from(new ArrayBuffer(4096));
/** The most bytes of a path with its NUL (Linux). */
const PATH_ROOM = 4096;

/**
 * Reads one folder after another. Entries are found by their names in the open folder, whatever happens to its path.
 * Names have one character for each byte. All functions throw the system's error.
 */
export class FolderReader {
  readonly #path = Buffer.from(new ArrayBuffer(PATH_ROOM));
  readonly #status = new EntryStatus();
  readonly #struct = ptr(this.#status.struct);
  #fd = -1;
  /** The offset of an entry's name in the path, and its address. */
  #start = 0;
  #name = ptr(this.#path);

  /** Opens an absolute path of any length, in which no component may be a symlink. The reader's folder must be closed. */
  open(path: string): void {
    this.#fd = openNoFollow(path, constants.O_RDONLY | constants.O_DIRECTORY);
    this.#start = this.#path.write(`/proc/self/fd/${this.#fd}/`);
    this.#name = (ptr(this.#path) + this.#start) as Pointer;
  }

  close(): void {
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** The names in byte order. */
  names(): string[] {
    const functions = libc();
    const names: string[] = [];
    for (;;) {
      const length = Number(functions.syscall(getdents64, this.#fd, entries, entries.length, 0, null));
      if (length < 0) throw errorOfCall(functions);
      if (length === 0) return names.sort();
      for (let at = 0; at < length; at += entries.readUInt16LE(at + RECORD_LENGTH)) {
        const name = entries.toString("latin1", at + NAME, entries.indexOf(0, at + NAME));
        if (name !== "." && name !== "..") names.push(name);
      }
    }
  }

  /** The status of an entry, or of the folder itself for `""`; valid until the next call. */
  status(name: string): EntryStatus {
    const functions = libc();
    this.#select(name);
    const failed = functions.syscall(statx, this.#fd, this.#name, FLAGS, STATX_BASIC_STATS, this.#struct);
    if (Number(failed) !== 0) throw errorOfCall(functions);
    return this.#status;
  }

  /** The target of a symlink. */
  target(name: string): string {
    const functions = libc();
    this.#select(name);
    const length = Number(functions.readlinkat(this.#fd, this.#name, target, target.length));
    if (length < 0) throw errorOfCall(functions);
    return target.toString("latin1", 0, length);
  }

  xattrs(name: string): [string, Uint8Array][] {
    this.#select(name);
    return readXattrs(this.#path);
  }

  /** Puts a name into the path. */
  #select(name: string): void {
    this.#path[this.#start + this.#path.write(name, this.#start, "latin1")] = 0;
  }
}
