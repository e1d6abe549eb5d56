import { LayerMarks, Mark } from "./layer-marks.ts";
import { ImageInode, ImageNode, impliedDirectory, unlinkAll } from "./layer-node.ts";
import { applyLinkMetadata, memberInode, ownString } from "./member-inode.ts";
import { checkName, cleanedPath } from "./member-path.ts";
import { MAX_SYMLINKS, resolveNoFollow } from "./resolve.ts";
import { tarError } from "./tar-error.ts";
import type { TarDialect, TarMember } from "./tar-member.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** What aufs kept for itself in layers of old. */
const AUFS = ".wh..wh.";
/** Deeper than any path that Linux can name, and shallow enough to walk by recursion. */
const MAX_DEPTH = 4096;

/**
 * One layer as a tree of its own, with marks for what it hides of older ones; the order of its members does not matter
 * to those marks. This is how overlayfs sees a layer, and so podman: symlinks of older layers are not followed when
 * the layer is unpacked, a folder of this layer covers them.
 */
export class LayerBuilder {
  readonly root = new ImageNode("", undefined, impliedDirectory(0o755));
  readonly marks = new LayerMarks();
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
    this.marks.add(this.root, Mark.implicit);
  }

  /**
   * Adds a member; returns the new name, or undefined if the member makes none.
   * @throws PlatterError `E_TAR_PATH`, `E_TAR_LINK`
   */
  add(member: TarMember, locator: unknown): ImageNode | undefined {
    const path = cleanedPath(member.path, this.#archive);
    if (path === "") return this.#setRoot(member);
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const folder = path.slice(0, Math.max(slash, 0));
    if (this.#dialect === "layer" && path.includes(WHITEOUT)) {
      if (name === OPAQUE) {
        this.marks.add(this.#folder(folder), Mark.opaque);
        return undefined;
      }
      if (path.split("/").some((part) => part.startsWith(AUFS))) return undefined;
      if (name.startsWith(WHITEOUT)) {
        this.#whiteout(this.#folder(folder), name.slice(WHITEOUT.length), path);
        return undefined;
      }
    }
    const parent = this.#folder(folder);
    // What overlayfs writes for a whiteout; unpacked by podman, it is one again.
    if (this.#dialect === "layer" && isNullDevice(member)) {
      this.#remove(parent, name);
      this.#whiteout(parent, name, path);
      return undefined;
    }
    return this.#place(parent, name, { member, locator, path });
  }

  #setRoot(member: TarMember): undefined {
    if (member.type !== "directory") {
      throw tarError("E_TAR_PATH", this.#archive, `\`${member.path}\` would replace the root directory`);
    }
    // podman and docker pass over a layer's `./`: the root of every image that they mount is theirs.
    if (this.#dialect === "layer") return;
    this.root.inode = this.#inode(member, undefined);
    this.marks.remove(this.root, Mark.implicit);
  }

  #place(
    parent: ImageNode,
    name: string,
    what: { member: TarMember; locator: unknown; path: string },
  ): ImageNode | undefined {
    const { member, locator, path } = what;
    const old = parent.children?.get(name);
    if (member.type === "hard-link") {
      const target = this.#linkTarget(member, path);
      if (this.#dialect === "layer") applyLinkMetadata(target, member);
      if (target === old?.inode) return undefined;
      target.links++;
      return this.#insert(parent, name, target);
    }
    const inode = this.#inode(member, locator);
    if (old?.children !== undefined && inode.type === "directory") {
      old.inode = inode;
      this.marks.remove(old, Mark.implicit);
      return undefined;
    }
    return this.#insert(parent, name, inode);
  }

  #inode(member: TarMember, locator: unknown): ImageInode {
    return memberInode(member, { dialect: this.#dialect, archive: this.#archive, locator });
  }

  /** Puts an inode under a name, in place of what is there. */
  #insert(parent: ImageNode, name: string, inode: ImageInode): ImageNode {
    checkName(name, this.#archive);
    const node = new ImageNode(ownString(name), parent, inode);
    // A whiteout, also one that came first, speaks of older layers and stays true.
    const old = this.#remove(parent, name);
    if (this.marks.has(old, Mark.whiteout) || this.marks.has(old, Mark.replaced)) {
      this.marks.add(node, Mark.replaced);
    }
    parent.children?.set(node.name, node);
    return node;
  }

  #remove(parent: ImageNode, name: string): ImageNode | undefined {
    const old = parent.children?.get(name);
    if (old === undefined) return undefined;
    unlinkAll(old);
    parent.children?.delete(name);
    if (old.children !== undefined) this.#lastPrefix = undefined;
    return old;
  }

  #whiteout(parent: ImageNode, name: string, path: string): void {
    if (name === "" || name === "." || name === "..") {
      throw tarError("E_TAR_PATH", this.#archive, `\`${path}\` is a whiteout of nothing`);
    }
    const there = parent.children?.get(name);
    // The layer's own entry stays: a whiteout speaks of older layers only.
    if (there !== undefined && !this.marks.has(there, Mark.whiteout)) this.marks.add(there, Mark.replaced);
    if (there !== undefined) return;
    const nothing = new ImageInode("fifo", { mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 });
    this.marks.add(this.#insert(parent, name, nothing), Mark.whiteout);
  }

  #linkTarget(member: TarMember, path: string): ImageInode {
    const target = cleanedPath(member.linkPath, this.#archive);
    const own = resolveNoFollow(this.root, target) as ImageNode | undefined;
    const found =
      own !== undefined && !this.marks.has(own, Mark.whiteout)
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
  #folder(path: string): ImageNode {
    if (path === this.#lastPrefix) return this.#lastParent;
    let at = this.root;
    let symlinks = 0;
    let depth = 0;
    const pending = path === "" ? [] : path.split("/").reverse();
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
      if (child === undefined || this.marks.has(child, Mark.whiteout)) {
        at = this.#insert(at, name, impliedDirectory(0o755));
        this.marks.add(at, Mark.implicit);
      } else if (child.children !== undefined) {
        at = child;
      } else if (child.inode.type === "symlink") {
        if (++symlinks > MAX_SYMLINKS) {
          throw tarError("E_TAR_PATH", this.#archive, `symlinks go in circles in \`${path}\``);
        }
        const target = child.inode.target as string;
        depth = target.startsWith("/") ? 0 : depth - 1;
        if (depth === 0) at = this.root;
        pending.push(...target.split("/").reverse());
      } else {
        throw tarError(
          "E_TAR_PATH",
          this.#archive,
          `something lies below \`${path}\`, which is not a folder`,
        );
      }
    }
    this.#lastPrefix = path;
    this.#lastParent = at;
    return at;
  }
}

function isNullDevice(member: TarMember): boolean {
  return member.type === "character-device" && member.devMajor === 0 && member.devMinor === 0;
}
