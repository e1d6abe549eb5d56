import { ImageInode, ImageNode, impliedDirectory, Mark, unlinkAll } from "./layer-node.ts";
import { MAX_SYMLINKS, resolveNoFollow } from "./resolve.ts";
import { tarError } from "./tar-error.ts";
import type { TarDialect, TarMember } from "./tar-member.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** What aufs kept for itself in layers of old. */
const AUFS = ".wh..wh.";
const MAX_NAME = 255;
/** 2262-04-11 in seconds: 2^63 nanoseconds. */
const MAX_GO_TIME = 9_223_372_036;
/** Deeper than any path that Linux can name, and shallow enough to walk by recursion. */
const MAX_DEPTH = 4096;

/**
 * One layer as a tree of its own, with marks for what it hides of older ones; the order of its members does not matter
 * to those marks. This is how overlayfs sees a layer, and so podman: symlinks of older layers are not followed when
 * the layer is unpacked, a folder of this layer covers them.
 */
export class LayerBuilder {
  readonly root = new ImageNode("", undefined, impliedDirectory(0o755));
  readonly #archive: string;
  readonly #dialect: TarDialect;
  /** The tree of the layers below, where hard links may lead. */
  readonly #base: ImageNode;
  /** Members mostly come folder by folder. */
  #lastPrefix: string | undefined;
  #lastParent: ImageNode = this.root;

  constructor(options: { archive: string; dialect: TarDialect; base: ImageNode }) {
    this.#archive = options.archive;
    this.#dialect = options.dialect;
    this.#base = options.base;
    this.root.marks = Mark.implicit;
  }

  /**
   * Adds a member; returns the new name, or undefined if the member makes none.
   * @throws PlatterError `E_TAR_PATH`, `E_TAR_LINK`
   */
  add(member: TarMember, locator: unknown): ImageNode | undefined {
    const path = this.#cleaned(member.path);
    if (path === "") return this.#root(member);
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (this.#dialect === "layer" && path.includes(WHITEOUT)) {
      if (name === OPAQUE) {
        this.#parent(path.slice(0, Math.max(slash, 0))).marks |= Mark.opaque;
        return undefined;
      }
      if (path.split("/").some((part) => part.startsWith(AUFS))) return undefined;
      if (name.startsWith(WHITEOUT)) {
        this.#whiteout(this.#parent(path.slice(0, Math.max(slash, 0))), name.slice(WHITEOUT.length), path);
        return undefined;
      }
    }
    const parent = this.#parent(path.slice(0, Math.max(slash, 0)));
    // What overlayfs writes for a whiteout; unpacked by podman, it is one again.
    if (this.#dialect === "layer" && isNullDevice(member)) {
      this.#remove(parent.children?.get(name));
      parent.children?.delete(name);
      this.#whiteout(parent, name, path);
      return undefined;
    }
    return this.#place(parent, name, { member, locator, path });
  }

  #root(member: TarMember): undefined {
    if (member.type !== "directory") {
      throw tarError("E_TAR_PATH", this.#archive, `\`${member.path}\` would replace the root directory`);
    }
    // podman and docker pass over a layer's `./`: the root of every image that they mount is theirs.
    if (this.#dialect === "layer") return;
    this.root.inode = this.#inode(member, undefined);
    this.root.marks &= ~Mark.implicit;
  }

  #place(
    parent: ImageNode,
    name: string,
    what: { member: TarMember; locator: unknown; path: string },
  ): ImageNode | undefined {
    const { member, locator, path } = what;
    const children = parent.children as Map<string, ImageNode>;
    const old = children.get(name);
    if (member.type === "hard-link") {
      const target = this.#linkTarget(member, path);
      if (target === old?.inode && old.marks !== Mark.whiteout) return undefined;
      if (this.#dialect === "layer") applyLinkMetadata(target, member, this.#mtime(member));
      this.#remove(old);
      target.links++;
      return this.#insert(parent, name, { inode: target, hidden: isHidden(old) });
    }
    const inode = this.#inode(member, locator);
    if (old?.children !== undefined && old.marks !== Mark.whiteout && inode.type === "directory") {
      old.inode = inode;
      old.marks &= ~Mark.implicit;
      return undefined;
    }
    this.#remove(old);
    return this.#insert(parent, name, { inode, hidden: isHidden(old) });
  }

  #insert(parent: ImageNode, name: string, what: { inode: ImageInode; hidden: boolean }): ImageNode {
    if (name.length > MAX_NAME) throw this.#longName(name);
    const node = new ImageNode(ownString(name), parent, what.inode);
    if (what.hidden) node.marks = Mark.replaced;
    (parent.children as Map<string, ImageNode>).set(node.name, node);
    return node;
  }

  #remove(old: ImageNode | undefined): void {
    if (old === undefined) return;
    unlinkAll(old);
    this.#lastPrefix = undefined;
  }

  #whiteout(parent: ImageNode, name: string, path: string): void {
    if (name === "" || name === "." || name === "..") {
      throw tarError("E_TAR_PATH", this.#archive, `\`${path}\` is a whiteout of nothing`);
    }
    const there = parent.children?.get(name);
    if (there !== undefined) {
      // The layer's own entry stays: a whiteout speaks of older layers only.
      if (there.marks !== Mark.whiteout) there.marks |= Mark.replaced;
      return;
    }
    const node = this.#insert(parent, name, { inode: NOTHING, hidden: false });
    node.marks = Mark.whiteout;
  }

  #inode(member: TarMember, locator: unknown): ImageInode {
    if (member.type === "hard-link") throw new TypeError("a hard link has no inode of its own");
    const mtime = this.#mtime(member);
    const inode = new ImageInode(member.type, member.mode, member.uid, member.gid, mtime, member.size);
    if (member.type === "symlink") {
      if (member.linkPath === "") {
        throw tarError("E_TAR_LINK", this.#archive, `the symlink \`${member.path}\` leads nowhere`);
      }
      // Linux gives every symlink these bits, whatever an archive says.
      inode.mode = 0o777;
      inode.target = ownString(member.linkPath);
    } else if (member.type === "character-device" || member.type === "block-device") {
      inode.devMajor = member.devMajor;
      inode.devMinor = member.devMinor;
    }
    inode.xattrs = member.xattrs;
    if (member.type === "file") inode.locator = locator;
    return inode;
  }

  /** containers/storage sets times that Go cannot hold in nanoseconds to 1970, those of symlinks excepted. */
  #mtime(member: TarMember): number {
    if (this.#dialect === "archive" || member.type === "symlink") return member.mtime;
    return member.mtime < 0 || member.mtime > MAX_GO_TIME ? 0 : member.mtime;
  }

  #linkTarget(member: TarMember, path: string): ImageInode {
    const target = this.#cleaned(member.linkPath);
    const own = resolveNoFollow(this.root, target) as ImageNode | undefined;
    const found =
      own !== undefined && own.marks !== Mark.whiteout
        ? own
        : (resolveNoFollow(this.#base, target) as ImageNode | undefined);
    if (found === undefined) {
      const problem = `the hard link \`${path}\` leads to \`${target}\`, which does not exist`;
      throw tarError("E_TAR_LINK", this.#archive, problem);
    }
    if (found.children !== undefined) {
      throw tarError("E_TAR_LINK", this.#archive, `the hard link \`${path}\` leads to a folder`);
    }
    return found.inode;
  }

  /** The folder at a cleaned path, made where it is missing; this layer's own symlinks are followed inside the root. */
  #parent(prefix: string): ImageNode {
    if (prefix === this.#lastPrefix) return this.#lastParent;
    let at = this.root;
    let symlinks = 0;
    let depth = 0;
    const pending = prefix === "" ? [] : prefix.split("/").reverse();
    while (pending.length > 0) {
      const name = pending.pop() as string;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        at = at.parent ?? this.root;
        depth = Math.max(0, depth - 1);
        continue;
      }
      if (++depth > MAX_DEPTH) {
        throw tarError("E_TAR_PATH", this.#archive, `a path has more than ${MAX_DEPTH} parts`);
      }
      const child = at.children?.get(name);
      if (child === undefined || child.marks === Mark.whiteout) {
        at = this.#insert(at, name, { inode: impliedDirectory(0o755), hidden: isHidden(child) });
        at.marks |= Mark.implicit;
      } else if (child.children !== undefined) {
        at = child;
      } else if (child.inode.type === "symlink") {
        if (++symlinks > MAX_SYMLINKS) {
          throw tarError("E_TAR_PATH", this.#archive, `symlinks go in circles in \`${prefix}\``);
        }
        const target = child.inode.target as string;
        depth = target.startsWith("/") ? 0 : depth - 1;
        if (depth === 0) at = this.root;
        pending.push(...target.split("/").reverse());
      } else {
        const problem = `something lies below \`${prefix}\`, which is not a folder`;
        throw tarError("E_TAR_PATH", this.#archive, problem);
      }
    }
    this.#lastPrefix = prefix;
    this.#lastParent = at;
    return at;
  }

  /** A path without `.`, doubled slashes and `..`, which may not lead above the root. */
  #cleaned(path: string): string {
    if (isClean(path)) return path;
    if (path.includes("\0")) throw tarError("E_TAR_PATH", this.#archive, "a path holds a NUL byte");
    const parts: string[] = [];
    for (const part of path.split("/")) {
      if (part === "" || part === ".") continue;
      if (part.length > MAX_NAME) throw this.#longName(part);
      if (part !== "..") parts.push(part);
      else if (parts.pop() === undefined && !path.startsWith("/")) {
        throw tarError("E_TAR_PATH", this.#archive, `\`${path}\` lies outside the image's root`);
      }
    }
    return parts.join("/");
  }

  #longName(name: string): Error {
    const problem = `the name \`${name.slice(0, 40)}…\` is longer than ${MAX_NAME} bytes`;
    return tarError("E_TAR_PATH", this.#archive, problem);
  }
}

function isNullDevice(member: TarMember): boolean {
  return member.type === "character-device" && member.devMajor === 0 && member.devMinor === 0;
}

/**
 * podman sets what a hard link's header says on the common inode, but for mode and time where that is a symlink.
 * Writers repeat the first header, so that this matters for odd archives only.
 */
function applyLinkMetadata(inode: ImageInode, member: TarMember, mtime: number): void {
  inode.uid = member.uid;
  inode.gid = member.gid;
  if (inode.type !== "symlink") {
    inode.mode = member.mode;
    inode.mtime = mtime;
  }
  if (member.xattrs === undefined) return;
  const merged = [...new Map([...(inode.xattrs ?? []), ...member.xattrs])];
  inode.xattrs = new Map(merged.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const NOTHING = new ImageInode("fifo", 0, 0, 0, 0, 0);

/** True if what stood there before, or a whiteout, hides what older layers have. */
function isHidden(old: ImageNode | undefined): boolean {
  return old !== undefined && (old.marks & (Mark.whiteout | Mark.replaced)) !== 0;
}

/** Most paths are clean: this must be cheap. */
function isClean(path: string): boolean {
  return (
    path.length <= MAX_NAME &&
    path !== "" &&
    !path.startsWith(".") &&
    !/\/(\/|\.\.?(\/|$)|$)|^\/|\0/.test(path)
  );
}

/** A string that does not keep a longer one alive that it was cut from. */
function ownString(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
