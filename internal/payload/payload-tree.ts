import type { BytePath } from "../image/byte-path.ts";
import type { ImageTree, Inode, SequentialReader, TreeNode } from "../image/image-tree.ts";
import { LayerReader } from "../image/layer-reader.ts";
import { StoredInode } from "../image/stored-inode.ts";
import { TableNode } from "../image/table-node.ts";
import { type ExistingStorage, readExistingStorage } from "./existing-storage.ts";
import { LayerStore, linkName, type StoredLayer } from "./layer-store.ts";
import type { PayloadImage } from "./payload-image.ts";
import { storagePlace } from "./storage-place.ts";
import {
  addImageRecord,
  type BigData,
  bigDataFile,
  newImageRecord,
  newLayerRecord,
} from "./storage-records.ts";
import { StorageTree } from "./storage-tree.ts";

/** A payload with the names that it gets. */
export interface NamedPayload {
  image: PayloadImage;
  digest: string;
  names: readonly string[];
}

export interface PayloadTreeOptions {
  /** The image that the payloads go into. */
  tree: ImageTree;
  /** Whether a path of the image is left out; so then is what it has as a storage there. */
  exclude: (path: BytePath) => boolean;
  /** Seconds since 1970: of all that the payloads' layers do not date. */
  time: number;
  work: string;
  signal: AbortSignal;
}

/**
 * Payloads as podman's storage with the driver overlay (containers/storage, drivers/overlay/overlay.go), in a tree that
 * begins at the image's root and holds nothing else. Same payloads, same tree.
 */
export class PayloadTree implements Disposable {
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
      await new Writer({ storage, layers, existing, place, time: options.time }).write(payloads);
      storage.table.sort(storage.root);
      return new PayloadTree(options, { storage, layers, place });
    } catch (error) {
      storage[Symbol.dispose]();
      throw error;
    }
  }

  /** Whether an inode is one of this tree's. */
  owns(inode: Inode): boolean {
    return inode instanceof StoredInode && inode.isIn(this.#storage.table.inodes);
  }

  sequentialReader(wanted: Iterable<Inode>): SequentialReader {
    const { work, signal } = this.#options;
    const captured = (locator: number) => this.#storage.content(locator);
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

/** The image's own storage, unless it is left out. */
function existingFolder(place: readonly string[], options: PayloadTreeOptions): TreeNode | undefined {
  let node: TreeNode | undefined = options.tree.root;
  for (const [i, name] of place.entries()) {
    node = node?.children?.get(name);
    if (options.exclude(place.slice(0, i + 1).join("/") as BytePath)) return undefined;
  }
  return node;
}

class Writer {
  readonly #storage: StorageTree;
  readonly #layers: LayerStore;
  readonly #existing: ExistingStorage;
  readonly #time: number;
  readonly #folder: number;

  constructor(about: {
    storage: StorageTree;
    layers: LayerStore;
    existing: ExistingStorage;
    place: readonly string[];
    time: number;
  }) {
    this.#storage = about.storage;
    this.#layers = about.layers;
    this.#existing = about.existing;
    this.#time = about.time;
    let at = about.storage.root;
    for (const [i, name] of about.place.entries()) {
      at = about.storage.folder(at, name, i === about.place.length - 1 ? 0o700 : 0o755);
    }
    this.#folder = at;
  }

  async write(payloads: readonly NamedPayload[]): Promise<void> {
    const folder = (name: string) => this.#storage.folder(this.#folder, name, 0o700);
    const images = folder("overlay-images");
    let records = this.#existing.images;
    for (const payload of payloads) {
      const { image } = payload;
      const created = new Date((image.created ?? this.#time) * 1000).toISOString();
      const top = await this.#layers.add(image.layers, created);
      const record = await this.#writeImage(images, payload, { created, topLayer: top?.id });
      records = addImageRecord(records, record);
    }
    const file = (parent: number, name: string, text: string, mode: number) =>
      this.#storage.file(parent, name, { bytes: text, mode });
    await file(images, "images.json", JSON.stringify(records), 0o600);
    await file(images, "images.lock", "", 0o644);
    await this.#writeLayers(folder("overlay-layers"), folder("overlay"));
    await file(folder("overlay-containers"), "containers.lock", "", 0o644);
  }

  async #writeImage(
    images: number,
    { image, digest, names }: NamedPayload,
    about: { created: string; topLayer: string | undefined },
  ): Promise<ReturnType<typeof newImageRecord>> {
    const { manifest, config } = image;
    const configDigest = `sha256:${new Bun.CryptoHasher("sha256").update(config).digest("hex")}`;
    const id = configDigest.slice("sha256:".length);
    const data: BigData[] = [
      { key: configDigest, bytes: config, digest: configDigest },
      { key: `manifest-${digest}`, bytes: manifest, digest },
      { key: "manifest", bytes: manifest, digest },
    ];
    const folder = this.#storage.folder(images, id, 0o700);
    for (const { key, bytes } of data) {
      const name = bigDataFile(key);
      if (this.#storage.table.child(folder, name) !== 0) continue;
      await this.#storage.file(folder, name, { bytes, mode: 0o600 });
    }
    return newImageRecord({ id, digest, names, data, ...about });
  }

  async #writeLayers(records: number, overlay: number): Promise<void> {
    const storage = this.#storage;
    const there = new Set(this.#existing.layers.map(({ id }) => id));
    const fresh = [...this.#layers.layers].filter(({ id }) => !there.has(id));
    const whole = this.#layers.selfContained();
    const chainOf = (layer: StoredLayer): Promise<string> | string => {
      if (there.has(layer.id)) return this.#existing.chain(layer.id);
      const own = `l/${linkName(layer.id)}`;
      if (layer.parent === undefined || whole.has(layer)) return own;
      return joined(own, chainOf(layer.parent));
    };
    const links = storage.folder(overlay, "l", 0o755);
    for (const layer of fresh) {
      const { id, parent } = layer;
      const folder = storage.folder(overlay, id, 0o700);
      const link = linkName(id);
      storage.symlink(links, link, `../${id}/diff`);
      await storage.file(folder, "link", { bytes: link, mode: 0o644 });
      // Where there is nothing below, overlayfs is given an empty folder for it.
      if (parent === undefined || whole.has(layer)) storage.folder(folder, "empty", 0o700);
      else await storage.file(folder, "lower", { bytes: await chainOf(parent), mode: 0o644 });
      storage.folder(folder, "merged", 0o700);
      storage.folder(folder, "work", 0o700);
      await storage.file(records, `${id}.tar-split.gz`, { bytes: layer.tarSplit, mode: 0o600 });
    }
    const folderOf = ({ id }: StoredLayer) => storage.folder(overlay, id, 0o700);
    this.#layers.place(fresh, { whole, folderOf, storage });
    const added = fresh.map((layer) => newLayerRecord({ ...layer, parent: layer.parent?.id }));
    const all = JSON.stringify([...this.#existing.layers, ...added]);
    await storage.file(records, "layers.json", { bytes: all, mode: 0o600 });
    await storage.file(records, "layers.lock", { bytes: "", mode: 0o644 });
  }
}

async function joined(own: string, below: Promise<string> | string): Promise<string> {
  return `${own}:${await below}`;
}
