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
/** A lock file holds the process id of its owner, and no more than this many bytes are read of it. */
const NOTE_BYTES = 32;
/** Attempts at a lock file that its owner removes again and again. */
const ATTEMPTS = 1000;

/**
 * A lock by flock(2) on a file that exists only while the lock is held. The lock ends with the process, whatever ends
 * the process, so the file of a killed process does not count.
 */
export class FileLock {
  readonly path: string;
  /** False if the file system has no locks: then other processes cannot be seen. */
  readonly isEnforced: boolean;
  readonly #fd: number;

  private constructor(path: string, lock: { fd: number; isEnforced: boolean }) {
    this.path = path;
    this.#fd = lock.fd;
    this.isEnforced = lock.isEnforced;
  }

  /**
   * Takes the lock, creating its file if necessary. Undefined if another process holds the lock. Never waits.
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
      // The owner before may have removed the file after it was opened here.
      if (isStillAt(fd, path)) return new FileLock(path, { fd, isEnforced: state === "locked" });
      closeSync(fd);
    }
    return undefined;
  }

  /** Writes into the file which process holds the lock. */
  sign(): void {
    ftruncateSync(this.#fd);
    writeAtSync(this.#fd, Buffer.from(`${process.pid}\n`), 0);
  }

  /** Removes the file, then gives the lock back. */
  release(): void {
    try {
      unlinkSync(this.path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Gives the lock back and leaves the file, which another process may be using. */
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

/** Opens without waiting for the other end of a FIFO, and never what a link points to. */
function openLockFile(path: string, create: number): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK | create, 0o644);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw Object.assign(new Error(`${path} is not a regular file`), { code: "ENOTSUP", path, syscall: "open" });
}

/** `unsupported` on file systems and machines that have no flock(2). */
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
