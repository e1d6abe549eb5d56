import { closeSync, constants, openSync } from "node:fs";
import type { BytePath } from "../bytes/byte-path.ts";

/** A path of one system call has at most 4096 bytes with its NUL (Linux). */
const PATH_LIMIT = 4095;

/**
 * Calls `use` with a path of the host, as bytes, by which the entry at `path` below `root` (one character for each
 * byte) can be reached at any depth. For a long path, folders on it are opened, and none of them may be a symlink.
 */
export function withHostPath<T>(root: string, path: BytePath, use: (path: Buffer) => T): T {
  let at = path === "" ? root || "/" : `${root}/${path}`;
  let folder: number | undefined;
  try {
    while (at.length > PATH_LIMIT) {
      const cut = at.lastIndexOf("/", PATH_LIMIT);
      const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
      const next = openSync(Buffer.from(at.slice(0, cut), "latin1"), flags);
      if (folder !== undefined) closeSync(folder);
      folder = next;
      at = `/proc/self/fd/${folder}${at.slice(cut)}`;
    }
    return use(Buffer.from(at, "latin1"));
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
