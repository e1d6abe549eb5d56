import { LayerBuilder } from "./layer-builder.ts";
import { type LayerMarks, Mark } from "./layer-marks.ts";
import { ImageNode, impliedDirectory, sortChildren, unlinkAll } from "./layer-node.ts";
import type { TarDialect } from "./tar-member.ts";

/** Puts layers on top of each other, the lowest first, into the tree that podman would mount. */
export class TreeBuilder {
  readonly #dialect: TarDialect;
  readonly #root: ImageNode;

  constructor(dialect: TarDialect) {
    this.#dialect = dialect;
    // 0555 is what containers/storage gives the root of every image, as Fedora does.
    this.#root = new ImageNode("", undefined, impliedDirectory(dialect === "layer" ? 0o555 : 0o755));
  }

  /** A new layer, to be filled and then given to {@link merge}; `archive` names it in errors. */
  layer(archive: string): LayerBuilder {
    return new LayerBuilder({ archive, dialect: this.#dialect, base: this.#root });
  }

  merge(layer: LayerBuilder): void {
    new Merge(layer.marks).directories(this.#root, layer.root);
  }

  /** The finished tree. */
  finish(): ImageNode {
    sortChildren(this.#root);
    return this.#root;
  }
}

class Merge {
  readonly #marks: LayerMarks;

  constructor(marks: LayerMarks) {
    this.#marks = marks;
  }

  directories(base: ImageNode, upper: ImageNode): void {
    if (!this.#marks.has(upper, Mark.implicit)) base.inode = upper.inode;
    const children = base.children as Map<string, ImageNode>;
    if (this.#marks.has(upper, Mark.opaque)) {
      for (const child of children.values()) unlinkAll(child);
      children.clear();
    }
    for (const child of upper.children?.values() ?? []) this.#child(base, children, child);
  }

  #child(base: ImageNode, children: Map<string, ImageNode>, upper: ImageNode): void {
    const old = children.get(upper.name);
    const isFolderOverFolder = upper.children !== undefined && old?.children !== undefined;
    if (old !== undefined && isFolderOverFolder && !this.#marks.has(upper, Mark.replaced)) {
      this.directories(old, upper);
      return;
    }
    if (old !== undefined) unlinkAll(old);
    if (this.#marks.has(upper, Mark.whiteout)) {
      children.delete(upper.name);
      return;
    }
    this.#dropWhiteouts(upper);
    upper.parent = base;
    children.set(upper.name, upper);
  }

  /** There is nothing below to be hidden. */
  #dropWhiteouts(node: ImageNode): void {
    if (node.children === undefined) return;
    for (const child of node.children.values()) {
      if (this.#marks.has(child, Mark.whiteout)) node.children.delete(child.name);
      else this.#dropWhiteouts(child);
    }
  }
}
