import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { removeAtExit } from "../base/at-exit.ts";
import { errnoOf } from "../base/machine-error.ts";
import { FileLock, signerOf } from "./file-lock.ts";

const LOCK = "lock";
/** Temporary folders have these names: six characters of mkdtemp(3), or the digest of an output's name. */
const NAME = /^\.platter-(\w{6}|[0-9a-f]{16})$/;
/** How often, and how many milliseconds apart, a lock without a signature is tried. A sweep holds it only briefly. */
const ATTEMPTS = 100;
const PAUSE = 10;

/** The error that another process holds a folder. */
export class FolderInUse extends Error {
  readonly holder: number | undefined;

  constructor(path: string, holder: number | undefined) {
    super(`${path} is in use`);
    this.holder = holder;
  }

  /** `process 123`, for messages. */
  get who(): string {
    return this.holder === undefined ? "another process" : `process ${this.holder}`;
  }
}

/** A folder or file of a killed run that was removed. */
interface Leftover {
  path: string;
  bytes: number;
}

/**
 * A temporary folder that one process holds by a lock in it. It is removed on release, and at the end of the process.
 */
export class HeldFolder implements Disposable {
  readonly path: string;
  readonly #lock: FileLock;
  readonly #spare: () => void;

  private constructor(path: string, lock: FileLock) {
    this.path = path;
    this.#lock = lock;
    this.#spare = removeAtExit(path);
    lock.sign();
  }

  /** Creates a folder with a unique name in `parent`. @throws the system's error */
  static create(parent: string): HeldFolder {
    for (let attempt = 0; ; attempt++) {
      const path = mkdtempSync(join(parent, ".platter-"));
      try {
        const lock = FileLock.take(join(path, LOCK));
        if (lock !== undefined) return new HeldFolder(path, lock);
      } catch (error) {
        // A sweep removed the folder before it was locked.
        if (errnoOf(error) !== "ENOENT" || attempt >= ATTEMPTS) throw error;
      }
    }
  }

  /**
   * Takes over the folder at this path, after removing files of an earlier run. @throws FolderInUse, the system's error
   */
  static own(path: string): HeldFolder {
    const lock = lockFolder(path, makeOwnFolder);
    for (const name of readdirSync(path))
      if (name !== LOCK) rmSync(join(path, name), { recursive: true, force: true });
    return new HeldFolder(path, lock);
  }

  [Symbol.dispose](): void {
    try {
      removeLocked(this.path, this.#lock);
    } finally {
      this.#spare();
    }
  }
}

/**
 * Locks a folder, after `make` has created it if necessary. The lock is not signed yet.
 * @throws FolderInUse, the system's error
 */
export function lockFolder(path: string, make: (path: string) => void): FileLock {
  const file = join(path, LOCK);
  for (let attempt = 0; ; attempt++) {
    try {
      make(path);
      const lock = FileLock.take(file);
      if (lock !== undefined) return lock;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || attempt >= ATTEMPTS) throw error;
    }
    const holder = signerOf(file);
    if (holder !== undefined || attempt >= ATTEMPTS) throw new FolderInUse(path, holder);
    Bun.sleepSync(PAUSE);
  }
}

/** Creates a folder of a known name. A folder of another user, or a link, is neither emptied nor written to. */
function makeOwnFolder(path: string): void {
  try {
    // A run that fails removes the folders that it created, perhaps those in which this folder is to be.
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    const there = lstatSync(path);
    if (!there.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR", path });
    if (there.uid !== process.geteuid?.())
      throw Object.assign(new Error("not the user's"), { code: "EACCES", path });
  }
}

/**
 * Removes temporary folders of platter in `parent` that no living process holds. Folders of other users, and folders
 * that cannot be read, are not touched.
 */
export function sweep(parent: string): Leftover[] {
  const removed: Leftover[] = [];
  for (const name of namesIn(parent)) {
    if (!NAME.test(name)) continue;
    const path = join(parent, name);
    try {
      const there = lstatSync(path);
      if (!there.isDirectory() || there.uid !== process.geteuid?.()) continue;
      const bytes = removeUnheld(path);
      if (bytes !== undefined) removed.push({ path, bytes });
    } catch {
      // Another run was faster, or the system refused. Then the folder stays.
    }
  }
  return removed;
}

/** Removes a folder unless it is held; returns the bytes that it used on disk. */
function removeUnheld(path: string): number | undefined {
  const names = readdirSync(path);
  if (names.length === 0) {
    rmdirSync(path);
    return 0;
  }
  // A folder without a lock file is not platter's.
  if (!names.includes(LOCK)) return undefined;
  const lock = FileLock.take(join(path, LOCK));
  if (lock === undefined) return undefined;
  if (!lock.isEnforced) {
    lock.leave();
    return undefined;
  }
  const bytes = bytesIn(path);
  removeLocked(path, lock);
  return bytes;
}

/** The lock file is removed last, since another process may take over a folder without it. */
function removeLocked(path: string, lock: FileLock): void {
  for (const name of namesIn(path))
    if (name !== LOCK) rmSync(join(path, name), { recursive: true, force: true });
  lock.release();
  try {
    rmdirSync(path);
  } catch (error) {
    // Another process has locked the folder since.
    if (!["ENOENT", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) throw error;
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function bytesIn(path: string): number {
  const there = lstatSync(path);
  const own = there.blocks * 512;
  if (!there.isDirectory()) return own;
  return namesIn(path).reduce((sum, name) => sum + bytesIn(join(path, name)), own);
}
