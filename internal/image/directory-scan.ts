import { type BigIntStats, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { PlatterError } from "../error.ts";
import { type BytePath, displayPath } from "./byte-path.ts";
import { withHostPath } from "./host-path.ts";
import { type EntryType, pathOf } from "./image-tree.ts";
import { throwIfAborted } from "./interrupt.ts";
import { ImageInode, ImageNode } from "./layer-node.ts";
import { machineError } from "./machine-error.ts";
import { readXattrs } from "./xattr.ts";
import { isOverlayXattr, XattrInterner } from "./xattr-set.ts";

/** Milliseconds of work after which signals and timers get their turn. */
const TURN = 30;

/** Describes all that is below a folder, one `lstat` a name. Sockets are left out: nothing can hold them. */
export async function scanDirectory(root: string, signal: AbortSignal): Promise<ImageNode> {
  const scan = new Scan(root);
  const top = scan.top();
  const pending = [top];
  let turn = performance.now();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    scan.fill(node, pending);
    if (performance.now() - turn < TURN) continue;
    await new Promise(setImmediate);
    throwIfAborted(signal);
    turn = performance.now();
  }
  return top;
}

class Scan {
  readonly #root: string;
  /** Inodes with several names, by device and number. */
  readonly #linked = new Map<string, ImageInode>();
  readonly #interner = new XattrInterner();

  constructor(root: string) {
    this.#root = root;
  }

  top(): ImageNode {
    const inode = this.#inode("" as BytePath);
    if (inode?.type === "directory") return new ImageNode("", undefined, inode);
    throw new PlatterError({
      code: "E_DIRECTORY",
      kind: "contract",
      message: `\`${Buffer.from(this.#root, "latin1")}\` is not a folder.`,
    });
  }

  /** Gives a folder its children, and adds the folders among them to `pending`. */
  fill(folder: ImageNode, pending: ImageNode[]): void {
    const path = pathOf(folder);
    const names = this.#call(path, () =>
      withHostPath(this.#root, path, (host) => readdirSync(host, { encoding: "latin1" })),
    );
    for (const name of names.sort()) {
      const inode = this.#inode((path === "" ? name : `${path}/${name}`) as BytePath);
      if (inode === undefined) continue;
      const node = new ImageNode(name, folder, inode);
      // What a file's bytes are read through: any of its names will do.
      if (inode.type === "file") inode.locator ??= node;
      folder.children?.set(name, node);
      if (node.children !== undefined) pending.push(node);
    }
  }

  #inode(path: BytePath): ImageInode | undefined {
    return this.#call(path, () =>
      withHostPath(this.#root, path, (host) => {
        const stat = lstatSync(host);
        const type = typeOf(stat);
        if (type === undefined) return undefined;
        if (type === "directory" || stat.nlink === 1) return this.#newInode(type, host, stat);
        const exact = lstatSync(host, { bigint: true });
        const key = `${exact.dev}:${exact.ino}`;
        const known = this.#linked.get(key);
        if (known !== undefined) known.links++;
        const inode = known ?? this.#newInode(type, host, stat);
        this.#linked.set(key, inode);
        return inode;
      }),
    );
  }

  #newInode(type: EntryType, host: Buffer, stat: Stats): ImageInode {
    const mtime = wholeSeconds(stat, () => lstatSync(host, { bigint: true }));
    const size = type === "file" ? stat.size : 0;
    const inode = new ImageInode(type, stat.mode & 0o7777, stat.uid, stat.gid, mtime, size);
    if (type === "symlink") inode.target = readlinkSync(host, { encoding: "latin1" });
    if (type === "character-device" || type === "block-device") {
      const device = BigInt(stat.rdev);
      inode.devMajor = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
      inode.devMinor = Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
    }
    const xattrs = readXattrs(Buffer.concat([host, NUL]));
    // overlayfs's own notes are about the mount that this folder is part of, not about the image.
    inode.xattrs = this.#interner.intern(xattrs.filter(([name]) => !isOverlayXattr(name)));
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
        hint: "Run platter as a user who may read all of the folder, as root if need be.",
      });
    }
  }
}

const NUL = Buffer.alloc(1);

function typeOf(stat: Stats): EntryType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isCharacterDevice()) return "character-device";
  if (stat.isBlockDevice()) return "block-device";
  return stat.isFIFO() ? "fifo" : undefined;
}

/** A time in whole seconds, rounded down; `exact` is asked where milliseconds as a double could round up. */
function wholeSeconds(stat: Stats, exact: () => BigIntStats): number {
  const milliseconds = stat.mtimeMs;
  if (milliseconds > 0 && milliseconds % 1000 < 999) return Math.floor(milliseconds / 1000);
  const { mtimeNs } = exact();
  const seconds = mtimeNs / 1_000_000_000n;
  return Number(mtimeNs < seconds * 1_000_000_000n ? seconds - 1n : seconds);
}
