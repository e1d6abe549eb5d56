import { constants } from "node:fs";
import { PlatterError } from "../../base/error.ts";
import { throwIfAborted } from "../../base/interrupt.ts";
import { errnoOf, machineError } from "../../base/machine-error.ts";
import { type BytePath, displayPath } from "../../bytes/byte-path.ts";
import type { ContentStamp } from "../../bytes/content-stamp.ts";
import type { EntryStatus } from "../../os/entry-status.ts";
import { FolderReader } from "../../os/folder-reader.ts";
import type { EntryType, Locator } from "../image-tree.ts";
import { TableNode } from "../table/table-node.ts";
import { TreeTable } from "../table/tree-table.ts";
import { isOverlayXattr, XattrInterner } from "../xattr-set.ts";

/** Milliseconds of work between two turns of the event loop for signals and timers. */
const TURN = 30;

/**
 * Describes all entries below a folder, without following symlinks. Sockets are omitted, since archives cannot store
 * them. Mounted file systems below it are not entered. Their folders are `leftOut`, and empty.
 */
export async function scanDirectory(
  root: string,
  options: { signal: AbortSignal; ignoreXattr?: (name: string) => boolean; stamp?: ContentStamp },
): Promise<{ root: TableNode; leftOut: BytePath[] }> {
  const scan = new Scan(root, options);
  const top = scan.top();
  const pending = [top];
  let turn = performance.now();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    scan.fill(node, pending);
    if (performance.now() - turn < TURN) continue;
    await new Promise(setImmediate);
    throwIfAborted(options.signal, "the reading of the image");
    turn = performance.now();
  }
  return { root: new TableNode(scan.table, top), leftOut: scan.leftOut };
}

class Scan {
  readonly #root: string;
  readonly #ignoreXattr: (name: string) => boolean;
  readonly #stamp: ContentStamp | undefined;
  /** Inodes with several names, by device and number. */
  readonly #linked = new Map<string, number>();
  readonly #interner = new XattrInterner();
  readonly #folder = new FolderReader();
  readonly table = new TreeTable();
  readonly leftOut: BytePath[] = [];
  /** The device of the scanned folder. */
  #device: bigint | undefined;

  constructor(root: string, options: { ignoreXattr?: (name: string) => boolean; stamp?: ContentStamp }) {
    this.#root = root;
    this.#ignoreXattr = options.ignoreXattr ?? (() => false);
    this.#stamp = options.stamp;
  }

  top(): number {
    try {
      this.#folder.open(this.#root || "/");
      const status = this.#folder.status("");
      this.#device = status.dev;
      return this.table.addRoot(this.#newInode("directory", "", status));
    } catch (error) {
      if (errnoOf(error) !== "ENOTDIR") throw this.#unreadable(error, "");
      throw new PlatterError({
        code: "E_DIRECTORY",
        kind: "contract",
        message: `Cannot read \`${Buffer.from(this.#root, "latin1")}\`: it is not a folder`,
      });
    } finally {
      this.#folder.close();
    }
  }

  /** Gives a folder its children, and adds the folders among them to `pending`. */
  fill(number: number, pending: number[]): void {
    const path = this.table.path(number);
    let at = "";
    try {
      this.#folder.open(path === "" ? this.#root || "/" : `${this.#root}/${path}`);
      for (const name of this.#folder.names()) {
        at = name;
        const status = this.#folder.status(name);
        const type = TYPES[status.mode & constants.S_IFMT];
        if (type === undefined) continue;
        const inode = this.#inode(type, name, status);
        const node = this.table.addChild(number, name, inode);
        // The locator for reading a file. Any of its names suffices.
        if (type !== "directory") this.table.inodes.setLocator(inode, node as Locator);
        else if (status.dev === this.#device) pending.push(node);
        else this.leftOut.push(this.table.path(node));
      }
    } catch (error) {
      throw this.#unreadable(error, path === "" || at === "" ? `${path}${at}` : `${path}/${at}`);
    } finally {
      this.#folder.close();
    }
  }

  #inode(type: EntryType, name: string, status: EntryStatus): number {
    if (type === "file") this.#stamp?.add(status);
    if (type === "directory" || status.links === 1) return this.#newInode(type, name, status);
    const key = `${status.dev}:${status.ino}`;
    const known = this.#linked.get(key);
    if (known !== undefined) this.table.inodes.addLinks(known, 1);
    const inode = known ?? this.#newInode(type, name, status);
    this.#linked.set(key, inode);
    return inode;
  }

  #newInode(type: EntryType, name: string, status: EntryStatus): number {
    const { inodes } = this.table;
    const { mode, uid, gid, mtime } = status;
    const size = type === "file" ? status.size : 0;
    const inode = inodes.add({ type, mode: mode & 0o7777, uid, gid, mtime, size });
    if (type === "symlink") inodes.setTarget(inode, this.#folder.target(name));
    if (type === "character-device" || type === "block-device") inodes.setDevice(inode, ...status.device);
    // overlayfs's own attributes belong to the mount of this folder, and not to the image.
    const kept = this.#folder
      .xattrs(name)
      .filter(([each]) => !isOverlayXattr(each) && !this.#ignoreXattr(each));
    if (kept.length > 0) inodes.setXattrs(inode, this.#interner.intern(kept));
    return inode;
  }

  #unreadable(error: unknown, path: string): PlatterError {
    return machineError(error, {
      code: "E_DIRECTORY_READ",
      message: `Cannot read \`${Buffer.from(this.#root, "latin1")}${displayPath(path)}\``,
      hint: "Run platter as a user who can read the whole folder, such as root.",
    });
  }
}

/** Types by their bits in a mode. A socket does not have one. */
const TYPES: Readonly<Record<number, EntryType>> = {
  [constants.S_IFREG]: "file",
  [constants.S_IFDIR]: "directory",
  [constants.S_IFLNK]: "symlink",
  [constants.S_IFCHR]: "character-device",
  [constants.S_IFBLK]: "block-device",
  [constants.S_IFIFO]: "fifo",
};
