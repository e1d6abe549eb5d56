import type { BytePath } from "../bytes/byte-path.ts";
import type { Graft } from "../image/grafted-tree.ts";
import type { ImageTree, Inode, Locator, SequentialReader, TreeNode } from "../image/image-tree.ts";
import { LayerReader } from "../image/layer/layer-reader.ts";
import { StoredInode } from "../image/table/stored-inode.ts";
import { TableNode } from "../image/table/table-node.ts";
import { readExistingStorage } from "./existing-storage.ts";
import { LayerStore } from "./layer-store.ts";
import { storagePlace } from "./storage-place.ts";
import { StorageTree } from "./storage-tree.ts";
import { type NamedPayload, writeStorage } from "./storage-writer.ts";

interface PayloadTreeOptions {
  /** The image that receives the payloads. */
  tree: ImageTree;
  /** Whether a path of the image is omitted. An omitted storage of the image is not read. */
  exclude: (path: BytePath) => boolean;
  /** Seconds since 1970, for files that are not in the payloads' layers. */
  time: number;
  work: string;
  signal: AbortSignal;
}

/**
 * Payloads as podman's storage ({@link writeStorage}), in a tree that begins at the image's root and has no other
 * files. The same payloads give the same tree.
 */
export class PayloadTree implements Graft, Disposable {
  readonly root: TableNode;
  /** Names of the folders that lead to the storage. */
  readonly place: readonly string[];
  readonly #storage: StorageTree;
  readonly #layers: LayerStore;
  readonly #options: PayloadTreeOptions;

  private constructor(
    options: PayloadTreeOptions,
    made: { storage: StorageTree; layers: LayerStore; place: readonly string[] },
  ) {
    this.#options = options;
    this.#storage = made.storage;
    this.#layers = made.layers;
    this.place = made.place;
    this.root = new TableNode(made.storage.table, made.storage.root);
  }

  /**
   * Reads every layer once.
   * @throws PlatterError `E_PAYLOAD_…`, `E_BLOB_…`, `E_TAR_…`
   */
  static async build(payloads: readonly NamedPayload[], options: PayloadTreeOptions): Promise<PayloadTree> {
    const storage = new StorageTree(options);
    try {
      const place = storagePlace(options.tree.root);
      const existing = await readExistingStorage(options.tree, existingFolder(place, options));
      const layers = new LayerStore(storage.table);
      await writeStorage(payloads, { storage, layers, existing, place, time: options.time });
      storage.table.sort(storage.root);
      return new PayloadTree(options, { storage, layers, place });
    } catch (error) {
      storage[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether an inode belongs to this tree. */
  owns(inode: Inode): boolean {
    return inode instanceof StoredInode && inode.isIn(this.#storage.table.inodes);
  }

  read(): never {
    throw new TypeError("a payload's files are read in their order only");
  }

  sequentialReader(wanted: Iterable<Inode>): SequentialReader {
    const { work, signal } = this.#options;
    const captured = (locator: Locator) => this.#storage.content(locator);
    return new LayerReader(wanted, {
      layers: this.#layers.sources,
      dialect: "layer",
      work,
      signal,
      captured,
    });
  }

  [Symbol.dispose](): void {
    this.#storage[Symbol.dispose]();
  }
}

/** The image's own storage, unless it is omitted. */
function existingFolder(place: readonly string[], options: PayloadTreeOptions): TreeNode | undefined {
  let node: TreeNode | undefined = options.tree.root;
  for (const [i, name] of place.entries()) {
    node = node?.children?.get(name);
    if (options.exclude(place.slice(0, i + 1).join("/") as BytePath)) return undefined;
  }
  return node;
}
