import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
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
export async function scanDirectory(
  root: string,
  options: { signal: AbortSignal; ignoreXattr?: (name: string) => boolean },
): Promise<ImageNode> {
  const scan = new Scan(root, options.ignoreXattr ?? (() => false));
  const top = scan.top();
  const pending = [top];
  let turn = performance.now();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    scan.fill(node, pending);
    if (performance.now() - turn < TURN) continue;
    await new Promise(setImmediate);
    throwIfAborted(options.signal);
    turn = performance.now();
  }
  return top;
}

class Scan {
  readonly #root: string;
  readonly #ignoreXattr: (name: string) => boolean;
  /** Inodes with several names, by device and number. */
  readonly #linked = new Map<string, ImageInode>();
  readonly #interner = new XattrInterner();

  constructor(root: string, ignoreXattr: (name: string) => boolean) {
    this.#root = root;
    this.#ignoreXattr = ignoreXattr;
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
        // As whole nanoseconds: milliseconds as a double would round times up to the next second.
        const stat = lstatSync(host, { bigint: true });
        const type = typeOf(stat);
        if (type === undefined) return undefined;
        if (type === "directory" || stat.nlink === 1n) return this.#newInode(type, host, stat);
        const key = `${stat.dev}:${stat.ino}`;
        const known = this.#linked.get(key);
        if (known !== undefined) known.links++;
        const inode = known ?? this.#newInode(type, host, stat);
        this.#linked.set(key, inode);
        return inode;
      }),
    );
  }

  #newInode(type: EntryType, host: Buffer, stat: BigIntStats): ImageInode {
    const inode = new ImageInode(type, {
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtime: wholeSeconds(stat.mtimeNs),
      size: type === "file" ? Number(stat.size) : 0,
    });
    if (type === "symlink") inode.target = readlinkSync(host, { encoding: "latin1" });
    if (type === "character-device" || type === "block-device") {
      const device = stat.rdev;
      inode.devMajor = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn));
      inode.devMinor = Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n));
    }
    const xattrs = readXattrs(Buffer.concat([host, NUL]));
    // overlayfs's own notes are about the mount that this folder is part of, not about the image.
    const kept = xattrs.filter(([name]) => !isOverlayXattr(name) && !this.#ignoreXattr(name));
    if (kept.length > 0) inode.xattrs = this.#interner.intern(kept);
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
