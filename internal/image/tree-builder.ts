import { LayerBuilder } from "./layer-builder.ts";
import { ImageNode, impliedDirectory, Mark, sortChildren, unlinkAll } from "./layer-node.ts";
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
    mergeDirectory(this.#root, layer.root);
  }

  /** The finished tree. */
  finish(): ImageNode {
    sortChildren(this.#root);
    return this.#root;
  }
}

function mergeDirectory(base: ImageNode, upper: ImageNode): void {
  if ((upper.marks & Mark.implicit) === 0) base.inode = upper.inode;
  const children = base.children as Map<string, ImageNode>;
  if ((upper.marks & Mark.opaque) !== 0) {
    for (const child of children.values()) unlinkAll(child);
    children.clear();
  }
  for (const child of (upper.children as Map<string, ImageNode>).values()) mergeChild(base, children, child);
}

function mergeChild(base: ImageNode, children: Map<string, ImageNode>, upper: ImageNode): void {
  const old = children.get(upper.name);
  const isFolderOverFolder = upper.children !== undefined && old?.children !== undefined;
  if (old !== undefined && isFolderOverFolder && (upper.marks & (Mark.replaced | Mark.whiteout)) === 0) {
    mergeDirectory(old, upper);
    return;
  }
  if (old !== undefined) unlinkAll(old);
  if ((upper.marks & Mark.whiteout) !== 0) {
    children.delete(upper.name);
    return;
  }
  dropWhiteouts(upper);
  upper.parent = base;
  children.set(upper.name, upper);
}

/** There is nothing below to be hidden. */
function dropWhiteouts(node: ImageNode): void {
  if (node.children === undefined) return;
  for (const child of node.children.values()) {
    if ((child.marks & Mark.whiteout) !== 0) node.children.delete(child.name);
    else dropWhiteouts(child);
  }
}
