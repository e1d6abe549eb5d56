import { FFIType } from "bun:ffi";
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { errnoOf } from "../base/machine-error.ts";
import { writeAtSync } from "../bytes/chunk.ts";
import { ERRNO_LOCATION, errnoOfCall, libcIfAny } from "../os/libc.ts";

const libc = libcIfAny({
  flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  ...ERRNO_LOCATION,
});

/** LOCK_EX and LOCK_NB of flock(2). */
const EXCLUSIVE_NOW = 2 | 4;
const EWOULDBLOCK = 11;
/** A lock file holds the process id of its owner, and at most this many bytes of it are read. */
const NOTE_BYTES = 32;
/** Attempts to lock a file that other owners remove repeatedly. */
const ATTEMPTS = 1000;

/**
 * A lock by flock(2) on a file that exists only while the lock is held. The lock ends together with the process, so the
 * file of a killed process does not count.
 */
export class FileLock {
  readonly path: string;
  /** False if the file system does not support locks. Then other processes cannot be detected. */
  readonly isEnforced: boolean;
  readonly #fd: number;

  private constructor(path: string, lock: { fd: number; isEnforced: boolean }) {
    this.path = path;
    this.#fd = lock.fd;
    this.isEnforced = lock.isEnforced;
  }

  /**
   * Takes the lock, creating its file if necessary. Undefined if another process holds the lock. It does not wait.
   * @throws the system's error; ENOTSUP if the path is not a regular file
   */
  static take(path: string): FileLock | undefined {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const fd = openLockFile(path, constants.O_CREAT);
      const state = lockSync(fd);
      if (state === "busy") {
        closeSync(fd);
        return undefined;
      }
      // The previous owner may have removed the file after this process opened it.
      if (isStillAt(fd, path)) return new FileLock(path, { fd, isEnforced: state === "locked" });
      closeSync(fd);
    }
    return undefined;
  }

  /** Writes the id of this process into the file. */
  sign(): void {
    ftruncateSync(this.#fd);
    writeAtSync(this.#fd, Buffer.from(`${process.pid}\n`), 0);
  }

  /** Removes the file, then releases the lock. */
  release(): void {
    try {
      unlinkSync(this.path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Releases the lock and leaves the file, which another process may be using. */
  leave(): void {
    closeSync(this.#fd);
  }
}

/** The process that signed a lock file; undefined if the file is absent, not signed, or not a regular file. */
export function signerOf(path: string): number | undefined {
  let fd: number | undefined;
  try {
    fd = openLockFile(path, 0);
    const note = Buffer.alloc(NOTE_BYTES);
    const pid = Number(note.toString("latin1", 0, readSync(fd, note)));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Opens the file without blocking on a FIFO, and without following a link. */
function openLockFile(path: string, create: number): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK | create, 0o644);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw Object.assign(new Error(`${path} is not a regular file`), { code: "ENOTSUP", path, syscall: "open" });
}

/** `unsupported` on file systems and machines without flock(2). */
function lockSync(fd: number): "locked" | "busy" | "unsupported" {
  const functions = libc();
  if (functions === undefined) return "unsupported";
  if (functions.flock(fd, EXCLUSIVE_NOW) === 0) return "locked";
  return errnoOfCall(functions) === EWOULDBLOCK ? "busy" : "unsupported";
}

function isStillAt(fd: number, path: string): boolean {
  const [mine, there] = [fstatSync(fd), statSync(path, { throwIfNoEntry: false })];
  return there !== undefined && there.ino === mine.ino && there.dev === mine.dev;
}
