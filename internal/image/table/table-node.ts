import type { TreeNode } from "../image-tree.ts";
import type { StoredInode } from "./stored-inode.ts";
import type { TreeTable } from "./tree-table.ts";

/**
 * One name of a {@link TreeTable} as a {@link TreeNode}. Objects are created on demand, so two of them may be the same
 * name.
 */
export class TableNode implements TreeNode {
  readonly table: TreeTable;
  /** Its number in the table. */
  readonly number: number;

  constructor(table: TreeTable, number: number) {
    this.table = table;
    this.number = number;
  }

  get name(): string {
    return this.table.name(this.number);
  }

  get parent(): TableNode | undefined {
    const parent = this.table.parent(this.number);
    return parent === 0 ? undefined : new TableNode(this.table, parent);
  }

  get inode(): StoredInode {
    return this.table.inodes.get(this.table.inode(this.number));
  }

  get children(): TableChildren | undefined {
    return this.table.isDirectory(this.number) ? new TableChildren(this.table, this.number) : undefined;
  }
}

/** The names in one folder, in byte order once the table is sorted. */
class TableChildren implements ReadonlyMap<string, TableNode> {
  readonly #table: TreeTable;
  readonly #folder: number;

  constructor(table: TreeTable, folder: number) {
    this.#table = table;
    this.#folder = folder;
  }

  get size(): number {
    let size = 0;
    for (const _ of this.#numbers()) size++;
    return size;
  }

  get(name: string): TableNode | undefined {
    const child = this.#table.child(this.#folder, name);
    return child === 0 ? undefined : new TableNode(this.#table, child);
  }

  has(name: string): boolean {
    return this.#table.child(this.#folder, name) !== 0;
  }

  *keys(): Generator<string, undefined> {
    for (const child of this.#numbers()) yield this.#table.name(child);
  }

  *values(): Generator<TableNode, undefined> {
    // This avoids nested generators, since all walks use this code.
    const table = this.#table;
    for (let child = table.first(this.#folder); child !== 0; child = table.next(child))
      yield new TableNode(table, child);
  }

  *entries(): Generator<[string, TableNode], undefined> {
    for (const child of this.#numbers()) yield [this.#table.name(child), new TableNode(this.#table, child)];
  }

  [Symbol.iterator](): Generator<[string, TableNode], undefined> {
    return this.entries();
  }

  forEach(use: (node: TableNode, name: string, all: ReadonlyMap<string, TableNode>) => void): void {
    for (const [name, node] of this) use(node, name, this);
  }

  *#numbers(): Generator<number> {
    for (let child = this.#table.first(this.#folder); child !== 0; child = this.#table.next(child))
      yield child;
  }
}
