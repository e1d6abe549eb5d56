import type { TarDialect, TarMember } from "../../tar/member.ts";
import { shownPath, tarError } from "../../tar/tar-error.ts";
import type { Locator } from "../image-tree.ts";
import { MAX_SYMLINKS, resolveNoFollow } from "../resolve.ts";
import { TableNode } from "../table/table-node.ts";
import type { TreeTable } from "../table/tree-table.ts";
import { memberLocator } from "./content-ranges.ts";
import { LayerMarks, Mark } from "./layer-marks.ts";
import { addMemberInode, applyLinkMetadata, IMPLIED_FOLDER } from "./member-inode.ts";
import { checkName, cleanedPath } from "./member-path.ts";

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** The prefix of aufs's own files in old layers. */
const AUFS = ".wh..wh.";
/** More levels than any path in Linux has, and few enough for recursion. */
const MAX_DEPTH = 4096;

/**
 * One layer as a tree, with marks for the entries that it hides of older layers. The marks do not depend on the order
 * of the members. overlayfs and podman treat a layer like this. Symlinks of older layers are not followed when the
 * layer is unpacked; a folder of this layer covers them.
 */
export class LayerBuilder {
  /** The layer's root, a node of the table without a parent. */
  readonly root: number;
  readonly marks = new LayerMarks();
  readonly #table: TreeTable;
  readonly #archive: string;
  readonly #dialect: TarDialect;
  /** The root of the layers below, for hard links. */
  readonly #base: number;
  /** Caches the last folder, since members mostly come folder by folder. */
  #lastPath: string | undefined;
  #lastFolder = 0;

  constructor(table: TreeTable, options: { archive: string; dialect: TarDialect; base: number }) {
    this.#table = table;
    this.#archive = options.archive;
    this.#dialect = options.dialect;
    this.#base = options.base;
    this.root = table.addRoot(table.inodes.add(IMPLIED_FOLDER));
    this.marks.add(this.root, Mark.implicit);
  }

  /**
   * Adds a member; returns the new node, or 0 if the member does not make one.
   * @throws PlatterError `E_TAR_PATH`, `E_TAR_LINK`
   */
  add(member: TarMember, locator: Locator): number {
    const path = cleanedPath(member.path, this.#archive);
    if (path === "") return this.#setRoot(member);
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    const parentPath = path.slice(0, Math.max(slash, 0));
    if (this.#dialect === "layer" && path.includes(WHITEOUT)) {
      if (name === OPAQUE) {
        this.marks.add(this.#folder(parentPath), Mark.opaque);
        return 0;
      }
      if (path.split("/").some((part) => part.startsWith(AUFS))) return 0;
      if (name.startsWith(WHITEOUT)) {
        this.#whiteout(this.#folder(parentPath), name.slice(WHITEOUT.length), path);
        return 0;
      }
    }
    const parent = this.#folder(parentPath);
    // overlayfs's form of a whiteout. Unpacked by podman, it is a whiteout again.
    if (this.#dialect === "layer" && isNullDevice(member)) {
      this.#remove(this.#table.child(parent, name));
      this.#whiteout(parent, name, path);
      return 0;
    }
    return this.#place(parent, name, { member, locator, path });
  }

  #setRoot(member: TarMember): 0 {
    if (member.type !== "directory") {
      throw tarError(
        "E_TAR_PATH",
        this.#archive,
        `${shownPath(member.path)} would replace the root directory`,
      );
    }
    // podman and docker ignore a layer's `./`, and create the root of every mounted image themselves.
    if (this.#dialect === "layer") return 0;
    this.#table.setInode(this.root, this.#inode(member, memberLocator(0, 0)));
    this.marks.remove(this.root, Mark.implicit);
    return 0;
  }

  #place(parent: number, name: string, what: { member: TarMember; locator: Locator; path: string }): number {
    const { member, locator, path } = what;
    const old = this.#table.child(parent, name);
    if (member.type === "hard-link") {
      const target = this.#linkTarget(member, path);
      if (this.#dialect === "layer") applyLinkMetadata(this.#table.inodes, target, member);
      if (old !== 0 && target === this.#table.inode(old)) return 0;
      this.#table.inodes.addLinks(target, 1);
      return this.#insert(parent, name, target);
    }
    const inode = this.#inode(member, locator);
    if (old !== 0 && this.#table.isDirectory(old) && member.type === "directory") {
      this.#table.setInode(old, inode);
      this.marks.remove(old, Mark.implicit);
      return 0;
    }
    return this.#insert(parent, name, inode);
  }

  #inode(member: TarMember, locator: Locator): number {
    const options = { dialect: this.#dialect, archive: this.#archive, locator };
    return addMemberInode(this.#table.inodes, member, options);
  }

  /** Adds an inode under a name, and replaces an earlier entry of that name. */
  #insert(parent: number, name: string, inode: number): number {
    checkName(name, this.#archive);
    const old = this.#table.child(parent, name);
    this.#remove(old);
    const node = this.#table.addChild(parent, name, inode);
    // A whiteout, even an earlier one, is about older layers, so it stays.
    if (this.marks.has(old, Mark.whiteout) || this.marks.has(old, Mark.replaced)) {
      this.marks.add(node, Mark.replaced);
    }
    return node;
  }

  #remove(node: number): void {
    if (node === 0) return;
    if (this.#table.isDirectory(node)) this.#lastPath = undefined;
    this.#table.remove(node);
  }

  #whiteout(parent: number, name: string, path: string): void {
    if (name === "" || name === "." || name === "..") {
      throw tarError("E_TAR_PATH", this.#archive, `${shownPath(path)} is a whiteout of nothing`);
    }
    const there = this.#table.child(parent, name);
    // The layer's own entry stays, since a whiteout is only about older layers.
    if (there !== 0 && !this.marks.has(there, Mark.whiteout)) this.marks.add(there, Mark.replaced);
    if (there !== 0) return;
    const nothing = this.#table.inodes.add({ ...IMPLIED_FOLDER, type: "fifo" });
    this.marks.add(this.#insert(parent, name, nothing), Mark.whiteout);
  }

  #linkTarget(member: TarMember, path: string): number {
    const target = cleanedPath(member.linkPath, this.#archive);
    const find = (root: number) =>
      resolveNoFollow(new TableNode(this.#table, root), target) as TableNode | undefined;
    const own = find(this.root);
    const found = own !== undefined && !this.marks.has(own.number, Mark.whiteout) ? own : find(this.#base);
    if (found === undefined) {
      const problem = `the hard link ${shownPath(path)} leads to ${shownPath(target)}, which does not exist`;
      throw tarError("E_TAR_LINK", this.#archive, problem);
    }
    if (this.#table.isDirectory(found.number)) {
      throw tarError("E_TAR_LINK", this.#archive, `the hard link ${shownPath(path)} leads to a folder`);
    }
    return this.#table.inode(found.number);
  }

  /** The folder at a cleaned path, created if it is missing; this layer's own symlinks are followed inside the root. */
  #folder(path: string): number {
    if (path === this.#lastPath) return this.#lastFolder;
    const table = this.#table;
    let at = this.root;
    let symlinks = 0;
    let depth = 0;
    const pending = path === "" ? [] : path.split("/").reverse();
    while (pending.length > 0) {
      const name = pending.pop() as string;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        at = table.parent(at) || this.root;
        depth = Math.max(0, depth - 1);
        continue;
      }
      if (++depth > MAX_DEPTH) {
        throw tarError("E_TAR_PATH", this.#archive, `a path has more than ${MAX_DEPTH} parts`);
      }
      const child = table.child(at, name);
      if (child === 0 || this.marks.has(child, Mark.whiteout)) {
        at = this.#insert(at, name, table.inodes.add(IMPLIED_FOLDER));
        this.marks.add(at, Mark.implicit);
      } else if (table.isDirectory(child)) {
        at = child;
      } else {
        const target = table.inodes.target(table.inode(child));
        if (target === undefined) {
          throw tarError(
            "E_TAR_PATH",
            this.#archive,
            `a file is below ${shownPath(path)}, which is not a folder`,
          );
        }
        if (++symlinks > MAX_SYMLINKS) {
          throw tarError("E_TAR_PATH", this.#archive, `symlinks go in circles in ${shownPath(path)}`);
        }
        depth = target.startsWith("/") ? 0 : depth - 1;
        if (depth === 0) at = this.root;
        for (const part of target.split("/").reverse()) pending.push(part);
      }
    }
    this.#lastPath = path;
    this.#lastFolder = at;
    return at;
  }
}

function isNullDevice(member: TarMember): boolean {
  return member.type === "character-device" && member.devMajor === 0 && member.devMinor === 0;
}
