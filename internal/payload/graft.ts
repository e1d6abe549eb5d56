import type { BytePath } from "../bytes/byte-path.ts";
import {
  type Content,
  type ImageTree,
  type Inode,
  pathOf,
  type SequentialReader,
  type TreeNode,
} from "../image/image-tree.ts";
import { TableNode } from "../image/table/table-node.ts";
import type { PayloadTree } from "./payload-tree.ts";

/**
 * An image with payloads in its storage. Nothing is copied. A folder of both shows the names of both, and has the
 * attributes of the image's folder.
 */
export class GraftedTree implements ImageTree {
  readonly source: ImageTree["source"];
  readonly hostPath = undefined;
  readonly root: TreeNode;
  readonly #tree: ImageTree;
  readonly #payload: PayloadTree;

  /**
   * The caller disposes of the image; this tree disposes of the payloads. `exclude` decides which paths of the image
   * are omitted. In an omitted folder only the payload's names exist.
   */
  constructor(tree: ImageTree, payload: PayloadTree, exclude: (path: BytePath) => boolean) {
    this.#tree = tree;
    this.#payload = payload;
    this.source = tree.source;
    this.root = new SharedFolder({ image: tree.root, payload: payload.root, parent: undefined, exclude });
  }

  /** Whether a name belongs to a payload, so that no pattern omits it. */
  isPayload(node: TreeNode): boolean {
    return node instanceof SharedFolder || (node instanceof TableNode && this.#payload.owns(node.inode));
  }

  read(inode: Inode): Content {
    if (this.#payload.owns(inode)) throw new TypeError("a payload's files are read in their order only");
    return this.#tree.read(inode);
  }

  async sequentialReader(wanted: Iterable<Inode>): Promise<SequentialReader> {
    const ofPayload: Inode[] = [];
    const isOurs = (inode: Inode) => this.#payload.owns(inode);
    function* ofImage(): Generator<Inode> {
      for (const inode of wanted) {
        if (isOurs(inode)) ofPayload.push(inode);
        else yield inode;
      }
    }
    const rest = ofImage();
    const image = await this.#tree.sequentialReader(rest);
    // A source that can read in any order does not consume the list.
    while (rest.next().done !== true);
    const payload = this.#payload.sequentialReader(ofPayload);
    const readerOf = (inode: Inode): SequentialReader => (isOurs(inode) ? payload : image);
    return {
      open: (inode) => readerOf(inode).open(inode),
      readSync: (inode, target) => readerOf(inode).readSync?.(inode, target) ?? false,
      held: (inode) => readerOf(inode).held?.(inode),
      async [Symbol.asyncDispose]() {
        await payload[Symbol.asyncDispose]();
        await image[Symbol.asyncDispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#payload[Symbol.dispose]();
  }
}

/** A folder that both the image and the payload have. */
class SharedFolder implements TreeNode {
  readonly name: string;
  readonly parent: SharedFolder | undefined;
  readonly inode: Inode;
  readonly #image: TreeNode;
  readonly #payload: TreeNode;
  readonly #exclude: (path: BytePath) => boolean;
  #children: ReadonlyMap<string, TreeNode> | undefined;

  constructor(options: {
    parent: SharedFolder | undefined;
    image: TreeNode;
    payload: TreeNode;
    exclude: (path: BytePath) => boolean;
  }) {
    this.name = options.payload.name;
    this.parent = options.parent;
    this.inode = options.image.inode;
    this.#image = options.image;
    this.#payload = options.payload;
    this.#exclude = options.exclude;
  }

  get children(): ReadonlyMap<string, TreeNode> {
    this.#children ??= this.#merged();
    return this.#children;
  }

  #merged(): ReadonlyMap<string, TreeNode> {
    const payload = this.#payload.children ?? new Map<string, TreeNode>();
    const isLeftOut = this.parent !== undefined && this.#exclude(pathOf(this));
    const image = isLeftOut ? undefined : this.#image.children;
    const merged = new Map<string, TreeNode>();
    for (const name of [...new Set([...(image?.keys() ?? []), ...payload.keys()])].sort()) {
      const ofImage = image?.get(name);
      const ofPayload = payload.get(name);
      if (ofImage?.children !== undefined && ofPayload?.children !== undefined) {
        const both = { parent: this, image: ofImage, payload: ofPayload, exclude: this.#exclude };
        merged.set(name, new SharedFolder(both));
      } else merged.set(name, (ofPayload ?? ofImage) as TreeNode);
    }
    return merged;
  }
}
