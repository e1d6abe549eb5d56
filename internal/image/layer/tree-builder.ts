import type { TarDialect } from "../../tar/member.ts";
import { TableNode } from "../table/table-node.ts";
import { TreeTable } from "../table/tree-table.ts";
import { LayerBuilder } from "./layer-builder.ts";
import { type LayerMarks, Mark } from "./layer-marks.ts";
import { IMPLIED_FOLDER } from "./member-inode.ts";

/** The mode of every image's root in containers/storage with overlayfs. */
export const LAYERED_ROOT_MODE = 0o555;

/** Puts layers on top of each other, the lowest first, into the tree that podman would mount. */
export class TreeBuilder {
  readonly table = new TreeTable();
  readonly #dialect: TarDialect;
  readonly #root: number;

  constructor(dialect: TarDialect) {
    this.#dialect = dialect;
    const mode = dialect === "layer" ? LAYERED_ROOT_MODE : 0o755;
    this.#root = this.table.addRoot(this.table.inodes.add({ ...IMPLIED_FOLDER, mode }));
  }

  /** A new layer, to be filled and then given to {@link merge}; `archive` names it in errors. */
  layer(archive: string): LayerBuilder {
    return new LayerBuilder(this.table, { archive, dialect: this.#dialect, base: this.#root });
  }

  merge(layer: LayerBuilder): void {
    new Merge(this.table, layer.marks).folders(this.#root, layer.root);
  }

  /** The finished tree. */
  finish(): TableNode {
    this.table.sort(this.#root);
    return new TableNode(this.table, this.#root);
  }
}

class Merge {
  readonly #table: TreeTable;
  readonly #marks: LayerMarks;

  constructor(table: TreeTable, marks: LayerMarks) {
    this.#table = table;
    this.#marks = marks;
  }

  folders(base: number, upper: number): void {
    const table = this.#table;
    if (!this.#marks.has(upper, Mark.implicit)) table.setInode(base, table.inode(upper));
    if (this.#marks.has(upper, Mark.opaque)) {
      for (let child = table.first(base); child !== 0; child = table.first(base)) table.remove(child);
    }
    for (let child = table.first(upper); child !== 0; ) {
      const next = table.next(child);
      this.#child(base, child);
      child = next;
    }
  }

  #child(base: number, upper: number): void {
    const table = this.#table;
    const old = table.child(base, table.name(upper));
    if (old !== 0) {
      const isFolderOverFolder = table.isDirectory(old) && table.isDirectory(upper);
      if (isFolderOverFolder && !this.#marks.has(upper, Mark.replaced)) {
        this.folders(old, upper);
        return;
      }
      table.remove(old);
    }
    if (this.#marks.has(upper, Mark.whiteout)) return;
    this.#dropWhiteouts(upper);
    table.detach(upper);
    table.attach(base, upper);
  }

  /** Removes the whiteouts of the lowest layer, which do not hide anything. */
  #dropWhiteouts(node: number): void {
    const table = this.#table;
    for (let child = table.first(node); child !== 0; ) {
      const next = table.next(child);
      if (this.#marks.has(child, Mark.whiteout)) table.remove(child);
      else this.#dropWhiteouts(child);
      child = next;
    }
  }
}
