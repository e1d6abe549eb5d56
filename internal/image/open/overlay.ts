import { statSync } from "node:fs";
import { resolve as absolute } from "node:path";
import { PlatterError } from "../../base/error.ts";
import { machineError } from "../../base/machine-error.ts";
import { type BytePath, displayPath } from "../../bytes/byte-path.ts";
import { type Graft, GraftedTree } from "../grafted-tree.ts";
import { type ImageTree, type Inode, pathOf, type TreeNode } from "../image-tree.ts";
import { resolve, resolveNoFollow } from "../resolve.ts";
import { type DirectoryTree, openDirectory } from "../source/directory.ts";
import { StoredInode } from "../table/stored-inode.ts";
import { TableNode } from "../table/table-node.ts";
import type { TreeTable } from "../table/tree-table.ts";

/** The only attribute that an overlay keeps. Others, such as SELinux labels, belong to the host. */
const CAPABILITY = "security.capability";

/**
 * An image with the files of a folder over it. All of them are owned by root, and have one time, in seconds since 1970. A
 * folder that the image has keeps its attributes. A folder over a symlink of the image to a folder goes to that folder.
 * @throws PlatterError `E_DIRECTORY`, `E_DIRECTORY_READ`, `E_OVERLAY`
 */
export async function withOverlay(
  image: ImageTree,
  path: string,
  { time, signal }: { time: number; signal: AbortSignal },
): Promise<GraftedTree> {
  const folder = await openDirectory(path, { signal, ignoreXattr: (name) => name !== CAPABILITY });
  const graft = new Overlay(folder, { image, time, path });
  const { leftOut = [], overlays = [] } = image.source;
  const source = {
    ...image.source,
    // The sizes of the layers do not count the files of the folder.
    layerBytes: undefined,
    overlays: [...overlays, { path: absolute(path), digest: await graft.digest() }],
    leftOut: [...leftOut, ...(folder.source.leftOut ?? [])],
  };
  return new GraftedTree(image, graft, { source });
}

/** Refuses an overlay that is not a folder. @throws PlatterError `E_INPUT` */
export function requireOverlay(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch (error) {
    throw machineError(error, { code: "E_INPUT", message: `Cannot read the folder \`${path}\`` });
  }
  throw new PlatterError({
    code: "E_OVERLAY",
    kind: "usage",
    message: `Cannot put \`${path}\` over the image: it is not a folder`,
    hint: "Name a folder that has the files at the paths of the root file system.",
  });
}

class Overlay implements Graft {
  readonly root: TableNode;
  readonly #folder: DirectoryTree;
  readonly #table: TreeTable;
  readonly #image: TreeNode;
  readonly #path: string;

  constructor(folder: DirectoryTree, options: { image: ImageTree; time: number; path: string }) {
    const { table, number } = folder.root;
    this.#folder = folder;
    this.#table = table;
    this.#image = options.image.root;
    this.#path = options.path;
    const root = table.addRoot(table.inode(number));
    this.root = new TableNode(table, root);
    this.#place(number, { folder: root, path: "" });
    table.sort(root);
    settle(this.root, options.time);
  }

  owns(inode: Inode): boolean {
    return inode instanceof StoredInode && inode.isIn(this.#table.inodes);
  }

  read(inode: Inode) {
    return this.#folder.read(inode);
  }

  held(inode: Inode) {
    return this.#folder.held(inode);
  }

  sequentialReader() {
    return this.#folder.sequentialReader();
  }

  /** SHA-256 over the paths and contents of the files, as `sha256:…`. */
  async digest(): Promise<string> {
    const hasher = new Bun.CryptoHasher("sha256");
    for (const node of nodesBelow(this.root)) {
      if (node.inode.type !== "file") continue;
      hasher.update(`${pathOf(node)}\0${node.inode.size}\0`);
      for await (const chunk of this.#folder.read(node.inode)) hasher.update(chunk);
    }
    return `sha256:${hasher.digest("hex")}`;
  }

  /** Gives the entries of a folder second names, at the places that they have in the image. */
  #place(from: number, to: { folder: number; path: string }): void {
    const table = this.#table;
    for (let child = table.first(from); child !== 0; child = table.next(child)) {
      const name = table.name(child);
      const path = to.path === "" ? name : `${to.path}/${name}`;
      const isFolder = table.isDirectory(child);
      const old = isFolder ? resolve(this.#image, path) : resolveNoFollow(this.#image, path);
      const isTaken = old !== undefined || resolveNoFollow(this.#image, path) !== undefined;
      if (isTaken && (old?.inode.type === "directory") !== isFolder) throw this.#conflict(path);
      const place = old === undefined || !isFolder ? path : pathOf(old);
      const node = this.#name(place, { inode: table.inode(child), isFolder });
      if (isFolder) this.#place(child, { folder: node, path: place });
    }
  }

  /** Adds a name with the folders that lead to it. Two folders of the overlay may lead to one folder of the image. */
  #name(path: string, { inode, isFolder }: { inode: number; isFolder: boolean }): number {
    const table = this.#table;
    const names = path.split("/");
    let at = this.root.number;
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const known = table.child(at, name);
      const wantsFolder = !isLast || isFolder;
      if (known !== 0 && table.isDirectory(known) !== wantsFolder) throw this.#conflict(path);
      if (known !== 0 && !wantsFolder) table.remove(known);
      const isNew = known === 0 || !wantsFolder;
      at = isNew ? table.addChild(at, name, isLast ? inode : table.inode(this.root.number)) : known;
    }
    return at;
  }

  #conflict(path: string): PlatterError {
    const shown = displayPath(path as BytePath);
    return new PlatterError({
      code: "E_OVERLAY",
      kind: "usage",
      message: `Cannot put \`${this.#path}\` over the image: \`${shown}\` is a folder in only one of the two`,
      hint: "Remove the entry from one of the two, or give it another name.",
    });
  }
}

/** Sets owner and time of all entries: those of the host differ from machine to machine. */
function settle(root: TableNode, time: number): void {
  for (const { inode } of nodesBelow(root)) {
    inode.uid = 0;
    inode.gid = 0;
    inode.mtime = time;
  }
}

/** All nodes below a folder, in canonical order. */
function* nodesBelow(folder: TableNode): Generator<TableNode> {
  for (const node of folder.children?.values() ?? []) {
    yield node;
    yield* nodesBelow(node);
  }
}
