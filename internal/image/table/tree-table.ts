import type { BytePath } from "../../bytes/byte-path.ts";
import { withRoom } from "../../bytes/columns.ts";
import { ChildIndex } from "./child-index.ts";
import { InodeTable } from "./inode-table.ts";
import { NameTable } from "./name-table.ts";

const START = 1024;

/**
 * A tree of names as a table, with about a hundred bytes for each name and its inode. Half a million objects would need
 * more memory than the rest of the program. Nodes are numbers from 1; 0 means that a node is missing.
 */
export class TreeTable {
  readonly inodes = new InodeTable();
  readonly #names = new NameTable();
  readonly #index: ChildIndex;
  #count = 1;
  #inode = new Uint32Array(START);
  #parent = new Uint32Array(START);
  #first = new Uint32Array(START);
  #last = new Uint32Array(START);
  #next = new Uint32Array(START);
  #previous = new Uint32Array(START);

  constructor() {
    this.#index = new ChildIndex((node) => this.#names.hashOf(node, this.parent(node)));
  }

  /** The number of nodes, including removed ones. */
  get size(): number {
    return this.#count - 1;
  }

  /** Adds a node without a parent or name. */
  addRoot(inode: number): number {
    return this.#add("", inode);
  }

  /** Adds a new name to a folder for an inode. The inode's number of names already includes it. */
  addChild(parent: number, name: string, inode: number): number {
    const node = this.#add(name, inode);
    this.attach(parent, node);
    return node;
  }

  /** Adds a node without a parent to the end of a folder. */
  attach(parent: number, node: number): void {
    const last = this.#last[parent] as number;
    this.#parent[node] = parent;
    this.#previous[node] = last;
    this.#next[node] = 0;
    if (last === 0) this.#first[parent] = node;
    else this.#next[last] = node;
    this.#last[parent] = node;
    this.#index.add(node);
  }

  /** Detaches a node and its subtree from its folder. */
  detach(node: number): void {
    this.#index.remove(node);
    const parent = this.parent(node);
    const next = this.next(node);
    const previous = this.#previous[node] as number;
    if (previous === 0) this.#first[parent] = next;
    else this.#next[previous] = next;
    if (next === 0) this.#last[parent] = previous;
    else this.#previous[next] = previous;
    this.#parent[node] = 0;
    this.#next[node] = 0;
  }

  /** Removes a node and its subtree. Their inodes lose these names. */
  remove(node: number): void {
    this.detach(node);
    this.unlinkAll(node);
  }

  /** Removes the names of a subtree from their inodes. */
  unlinkAll(node: number): void {
    this.inodes.addLinks(this.inode(node), -1);
    for (let child = this.first(node); child !== 0; child = this.next(child)) this.unlinkAll(child);
  }

  name(node: number): string {
    return this.#names.get(node);
  }

  inode(node: number): number {
    return this.#inode[node] as number;
  }

  setInode(node: number, inode: number): void {
    this.#inode[node] = inode;
  }

  isDirectory(node: number): boolean {
    return this.inodes.isDirectory(this.inode(node));
  }

  parent(node: number): number {
    return this.#parent[node] as number;
  }

  first(node: number): number {
    return this.#first[node] as number;
  }

  next(node: number): number {
    return this.#next[node] as number;
  }

  child(parent: number, name: string): number {
    const hash = NameTable.hash(name, parent);
    return this.#index.find(hash, (node) => this.#parent[node] === parent && this.#names.equals(node, name));
  }

  path(node: number): BytePath {
    let path = "";
    for (let at = node; this.parent(at) !== 0; at = this.parent(at)) {
      path = path === "" ? this.name(at) : `${this.name(at)}/${path}`;
    }
    return path as BytePath;
  }

  /** Sorts the children of a folder, and of all folders below it, by name in byte order. */
  sort(node: number): void {
    let sorted = true;
    const children: number[] = [];
    for (let child = this.first(node); child !== 0; child = this.next(child)) {
      const last = children.at(-1);
      if (last !== undefined && this.#names.compare(last, child) > 0) sorted = false;
      children.push(child);
    }
    if (!sorted)
      this.#relink(
        node,
        children.sort((a, b) => this.#names.compare(a, b)),
      );
    for (const child of children) if (this.first(child) !== 0) this.sort(child);
  }

  #relink(parent: number, children: readonly number[]): void {
    for (const [i, child] of children.entries()) {
      this.#previous[child] = children[i - 1] ?? 0;
      this.#next[child] = children[i + 1] ?? 0;
    }
    this.#first[parent] = children[0] ?? 0;
    this.#last[parent] = children.at(-1) ?? 0;
  }

  #add(name: string, inode: number): number {
    const node = this.#count++;
    this.#inode = withRoom(this.#inode, node + 1);
    this.#parent = withRoom(this.#parent, node + 1);
    this.#first = withRoom(this.#first, node + 1);
    this.#last = withRoom(this.#last, node + 1);
    this.#next = withRoom(this.#next, node + 1);
    this.#previous = withRoom(this.#previous, node + 1);
    this.#names.set(node, name);
    this.#inode[node] = inode;
    return node;
  }
}
