import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { PlatterError } from "../../base/error.ts";
import { throwIfAborted } from "../../base/interrupt.ts";
import { machineError } from "../../base/machine-error.ts";
import { type BytePath, displayPath } from "../../bytes/byte-path.ts";
import type { ContentStamp } from "../../bytes/content-stamp.ts";
import { readXattrs } from "../../os/xattr.ts";
import { withHostPath } from "../host-path.ts";
import type { EntryType, Locator } from "../image-tree.ts";
import { TableNode } from "../table/table-node.ts";
import { TreeTable } from "../table/tree-table.ts";
import { isOverlayXattr, XattrInterner } from "../xattr-set.ts";

/** Milliseconds of work between two turns of the event loop for signals and timers. */
const TURN = 30;

/**
 * Describes all entries below a folder, with one `lstat` for each name. Sockets are omitted, since archives cannot
 * store them. Mounted file systems below it are not entered. Their folders are `leftOut`, and empty.
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
    const inode = this.#inode("" as BytePath);
    if (inode !== 0 && this.table.inodes.isDirectory(inode)) return this.table.addRoot(inode);
    throw new PlatterError({
      code: "E_DIRECTORY",
      kind: "contract",
      message: `Cannot read \`${Buffer.from(this.#root, "latin1")}\`: it is not a folder`,
    });
  }

  /** Gives a folder its children, and adds the folders among them to `pending`. */
  fill(folder: number, pending: number[]): void {
    const path = this.table.path(folder);
    const names = this.#call(path, () =>
      withHostPath(this.#root, path, (host) => readdirSync(host, { encoding: "latin1" })),
    );
    for (const name of names.sort()) {
      const child = (path === "" ? name : `${path}/${name}`) as BytePath;
      const inode = this.#inode(child);
      if (inode === 0) continue;
      const node = this.table.addChild(folder, name, inode);
      if (this.table.inodes.isDirectory(inode)) {
        if (this.leftOut.at(-1) !== child) pending.push(node);
      }
      // The locator for reading a file. Any of its names suffices.
      else this.table.inodes.setLocator(inode, node as Locator);
    }
  }

  /** The inode of a path; 0 for a socket. */
  #inode(path: BytePath): number {
    return this.#call(path, () =>
      withHostPath(this.#root, path, (host) => {
        // In nanoseconds as integers, since milliseconds as a double would round times up to the next second.
        const stat = lstatSync(host, { bigint: true });
        const type = typeOf(stat);
        if (type === undefined) return 0;
        if (type === "file") this.#stamp?.add(stat);
        this.#device ??= stat.dev;
        if (type === "directory" && stat.dev !== this.#device) this.leftOut.push(path);
        if (type === "directory" || stat.nlink === 1n) return this.#newInode(type, host, stat);
        const key = `${stat.dev}:${stat.ino}`;
        const known = this.#linked.get(key);
        if (known !== undefined) this.table.inodes.addLinks(known, 1);
        const inode = known ?? this.#newInode(type, host, stat);
        this.#linked.set(key, inode);
        return inode;
      }),
    );
  }

  #newInode(type: EntryType, host: Buffer, stat: BigIntStats): number {
    const { inodes } = this.table;
    const inode = inodes.add({
      type,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: wholeSeconds(stat.mtimeNs),
      size: type === "file" ? Number(stat.size) : 0,
    });
    if (type === "symlink") inodes.setTarget(inode, readlinkSync(host, { encoding: "latin1" }));
    if (type === "character-device" || type === "block-device") {
      const major = ((stat.rdev >> 8n) & 0xfffn) | ((stat.rdev >> 32n) & ~0xfffn);
      const minor = (stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xffffff00n);
      inodes.setDevice(inode, Number(major), Number(minor));
    }
    const xattrs = readXattrs(Buffer.concat([host, NUL]));
    // overlayfs's own attributes belong to the mount of this folder, and not to the image.
    const kept = xattrs.filter(([name]) => !isOverlayXattr(name) && !this.#ignoreXattr(name));
    if (kept.length > 0) inodes.setXattrs(inode, this.#interner.intern(kept));
    return inode;
  }

  #call<T>(path: BytePath, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const shown = `${Buffer.from(this.#root, "latin1")}${displayPath(path)}`;
      throw machineError(error, {
        code: "E_DIRECTORY_READ",
        message: `Cannot read \`${shown}\``,
        hint: "Run platter as a user who can read the whole folder, such as root.",
      });
    }
  }
}

const NUL = Buffer.alloc(1);

function typeOf(stat: BigIntStats): EntryType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return stat.isFIFO() ? "fifo" : undefined;
}

/** Nanoseconds as whole seconds, rounded down. */
function wholeSeconds(nanoseconds: bigint): number {
  const seconds = nanoseconds / 1_000_000_000n;
  return Number(nanoseconds < seconds * 1_000_000_000n ? seconds - 1n : seconds);
}
