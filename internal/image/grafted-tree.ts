import type { BytePath } from "../bytes/byte-path.ts";
import {
  type Content,
  type HeldRange,
  type ImageSource,
  type ImageTree,
  type Inode,
  pathOf,
  type SequentialReader,
  type TreeNode,
} from "./image-tree.ts";

/** Files that are put over an image. */
export interface Graft {
  /** A tree that begins at the image's root. */
  readonly root: TreeNode;
  /** Whether an inode belongs to this tree. */
  owns(inode: Inode): boolean;
  read(inode: Inode): Content;
  held?(inode: Inode): HeldRange | undefined;
  sequentialReader(wanted: Iterable<Inode>): SequentialReader | Promise<SequentialReader>;
}

/**
 * An image with other files over it. Nothing is copied. A folder of both shows the names of both, and has the attributes
 * of the image's folder. The caller disposes of the image and of the graft.
 */
export class GraftedTree implements ImageTree {
  readonly source: ImageSource;
  readonly hostPath = undefined;
  readonly root: TreeNode;
  readonly #tree: ImageTree;
  readonly #graft: Graft;

  /**
   * `exclude` decides which paths of the image are omitted. In an omitted folder only the graft's names exist. `source`
   * replaces the image's.
   */
  constructor(
    tree: ImageTree,
    graft: Graft,
    options: { exclude?: (path: BytePath) => boolean; source?: ImageSource } = {},
  ) {
    const { exclude = () => false, source = tree.source } = options;
    this.#tree = tree;
    this.#graft = graft;
    this.source = source;
    this.root = new SharedFolder({
      image: tree.root,
      graft: graft.root,
      parent: undefined,
      owner: graft,
      exclude,
    });
  }

  /** Whether a name belongs to the graft. */
  isGrafted(node: TreeNode): boolean {
    return node instanceof SharedFolder ? node.owner === this.#graft : this.#graft.owns(node.inode);
  }

  read(inode: Inode): Content {
    return this.#graft.owns(inode) ? this.#graft.read(inode) : this.#tree.read(inode);
  }

  held(inode: Inode): HeldRange | undefined {
    return this.#graft.owns(inode) ? this.#graft.held?.(inode) : this.#tree.held?.(inode);
  }

  layerOf(inode: Inode): number | undefined {
    return this.#graft.owns(inode) ? undefined : this.#tree.layerOf?.(inode);
  }

  isSavedAt(inode: Inode, hostFile: string): void {
    if (!this.#graft.owns(inode)) this.#tree.isSavedAt?.(inode, hostFile);
  }

  async sequentialReader(wanted: Iterable<Inode>): Promise<SequentialReader> {
    const ofGraft: Inode[] = [];
    const isOurs = (inode: Inode) => this.#graft.owns(inode);
    function* ofImage(): Generator<Inode> {
      for (const inode of wanted) {
        if (isOurs(inode)) ofGraft.push(inode);
        else yield inode;
      }
    }
    const rest = ofImage();
    const image = await this.#tree.sequentialReader(rest);
    // A source that can read in any order does not consume the list.
    while (rest.next().done !== true);
    const graft = await this.#graft.sequentialReader(ofGraft);
    const readerOf = (inode: Inode): SequentialReader => (isOurs(inode) ? graft : image);
    return {
      open: (inode) => readerOf(inode).open(inode),
      readSync: (inode, target) => readerOf(inode).readSync?.(inode, target) ?? false,
      held: (inode) => readerOf(inode).held?.(inode),
      async [Symbol.asyncDispose]() {
        await graft[Symbol.asyncDispose]();
        await image[Symbol.asyncDispose]();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A folder that both the image and the graft have. */
class SharedFolder implements TreeNode {
  readonly name: string;
  readonly parent: SharedFolder | undefined;
  readonly inode: Inode;
  readonly owner: Graft;
  readonly #image: TreeNode;
  readonly #graft: TreeNode;
  readonly #exclude: (path: BytePath) => boolean;
  #children: ReadonlyMap<string, TreeNode> | undefined;

  constructor(options: {
    parent: SharedFolder | undefined;
    owner: Graft;
    image: TreeNode;
    graft: TreeNode;
    exclude: (path: BytePath) => boolean;
  }) {
    this.name = options.graft.name;
    this.parent = options.parent;
    this.inode = options.image.inode;
    this.owner = options.owner;
    this.#image = options.image;
    this.#graft = options.graft;
    this.#exclude = options.exclude;
  }

  get children(): ReadonlyMap<string, TreeNode> {
    this.#children ??= this.#merged();
    return this.#children;
  }

  #merged(): ReadonlyMap<string, TreeNode> {
    const graft = this.#graft.children ?? new Map<string, TreeNode>();
    const isLeftOut = this.parent !== undefined && this.#exclude(pathOf(this));
    const image = isLeftOut ? undefined : this.#image.children;
    const merged = new Map<string, TreeNode>();
    for (const name of [...new Set([...(image?.keys() ?? []), ...graft.keys()])].sort()) {
      const ofImage = image?.get(name);
      const ofGraft = graft.get(name);
      if (ofImage?.children !== undefined && ofGraft?.children !== undefined) {
        const both = {
          parent: this,
          owner: this.owner,
          image: ofImage,
          graft: ofGraft,
          exclude: this.#exclude,
        };
        merged.set(name, new SharedFolder(both));
      } else merged.set(name, (ofGraft ?? ofImage) as TreeNode);
    }
    return merged;
  }
}
