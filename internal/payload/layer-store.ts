import { PlatterError } from "../base/error.ts";
import type { Layer } from "../image/decompress/layer.ts";
import { Mark } from "../image/layer/layer-marks.ts";
import type { TreeTable } from "../image/table/tree-table.ts";
import { type UnpackedLayer, unpackLayer } from "./layer-unpack.ts";
import { addOnTop, hidesAnything, writeMarks } from "./overlay.ts";
import type { PayloadLayer } from "./payload-image.ts";
import type { StorageTree } from "./storage-tree.ts";

/** A layer of a payload with its parent and its time. */
export interface StorageLayer extends UnpackedLayer {
  id: string;
  parent: StorageLayer | undefined;
  blob: PayloadLayer["blob"];
  /** RFC 3339: creation time of the first image with this layer. */
  created: string;
}

/** Permissions of the root folder of a mounted image: containers/storage gives them to every layer. */
const ROOT_MODE = 0o555;

/** The layers of all payloads, each read and kept once. */
export class LayerStore {
  /** The layers from which files are read later, by the layer number in their locators. */
  readonly sources: Layer[] = [];
  readonly #layers = new Map<string, StorageLayer>();
  readonly #tops = new Set<StorageLayer>();
  readonly #table: TreeTable;

  constructor(table: TreeTable) {
    this.#table = table;
  }

  /** Every layer, each after its parent. */
  get layers(): Iterable<StorageLayer> {
    return this.#layers.values();
  }

  /**
   * Adds an image's layers, the lowest first, and returns the topmost.
   * @throws PlatterError `E_BLOB_DIGEST`, `E_TAR_…`, `E_PAYLOAD_LAYER`
   */
  async add(layers: readonly PayloadLayer[], created: string): Promise<StorageLayer | undefined> {
    let parent: StorageLayer | undefined;
    for (const { layer, diffId, blob } of layers) {
      const id = layerId(diffId, parent?.id);
      let stored = this.#layers.get(id);
      if (stored === undefined) {
        const index = this.sources.push(layer) - 1;
        const unpacked = await unpackLayer(layer, { table: this.#table, index });
        if (unpacked.diffId !== diffId) throw otherContent(layer.name, { diffId, found: unpacked.diffId });
        stored = { ...unpacked, id, parent, blob, created };
        this.#layers.set(id, stored);
      }
      parent = stored;
    }
    if (parent !== undefined) this.#tops.add(parent);
    return parent;
  }

  /**
   * Top layers that must hold all files of their image. The live system's root is an overlayfs, which interprets the
   * whiteouts of a container's overlayfs as its own. A file that a layer removes would then exist again in a container.
   * So such an image is mounted from its topmost layer alone. Files are hard links to those of the other layers, which
   * stay unchanged so that the image can be copied.
   */
  selfContained(): Set<StorageLayer> {
    const hides = (layer: StorageLayer | undefined): boolean =>
      layer !== undefined && (hidesAnything(this.#table, layer) || hides(layer.parent));
    return new Set([...this.#tops].filter((top) => hides(top)));
  }

  /** Puts the files of these layers into their folders: `folderOf` returns the folder for a layer's `diff`. */
  place(
    layers: readonly StorageLayer[],
    options: {
      whole: ReadonlySet<StorageLayer>;
      folderOf: (layer: StorageLayer) => number;
      storage: StorageTree;
    },
  ): void {
    const table = this.#table;
    const merged = new Map<StorageLayer, number>();
    // Merge all of them before moving the first, since the top layer of one image may be in the middle of another.
    for (const layer of layers) if (options.whole.has(layer)) merged.set(layer, this.#merge(layer));
    for (const layer of layers) {
      const diff = options.storage.folder(options.folderOf(layer), "diff", ROOT_MODE);
      const whole = merged.get(layer);
      if (whole !== undefined) {
        moveChildren(table, whole, diff);
        continue;
      }
      moveChildren(table, layer.root, diff);
      if (layer.marks.has(layer.root, Mark.opaque)) layer.marks.add(diff, Mark.opaque);
      writeMarks(table, { root: diff, marks: layer.marks });
    }
    for (const layer of merged.keys()) table.unlinkAll(layer.root);
  }

  #merge(top: StorageLayer): number {
    const chain: StorageLayer[] = [];
    for (let at: StorageLayer | undefined = top; at !== undefined; at = at.parent) chain.unshift(at);
    const folder = this.#table.addRoot(this.#table.inode(top.root));
    for (const layer of chain) addOnTop(this.#table, folder, layer);
    return folder;
  }
}

/** A layer's id, which c/image computes from its content and its parent (storage_dest.go, computeID of layers). */
export function layerId(diffId: string, parent: string | undefined): string {
  const own = diffId.replace(/^sha256:/, "");
  if (parent === undefined) return own;
  return new Bun.CryptoHasher("sha256").update(`${parent}+${own}`).digest("hex");
}

/** The short name by which a layer's folder is mounted: 26 characters, which containers/storage chooses at random. */
export function linkName(id: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const digest = new Bun.CryptoHasher("sha256").update(`platter-link 1\0${id}`).digest();
  return [...digest.subarray(0, 26)].map((byte) => alphabet[byte & 31]).join("");
}

function moveChildren(table: TreeTable, from: number, to: number): void {
  for (let child = table.first(from); child !== 0; child = table.first(from)) {
    table.detach(child);
    table.attach(to, child);
  }
}

function otherContent(name: string, { diffId, found }: { diffId: string; found: string }): PlatterError {
  return new PlatterError({
    code: "E_BLOB_DIGEST",
    kind: "contract",
    message: `Cannot use ${name}: its archive has the digest ${found}, but the image's configuration has ${diffId}`,
    hint: "Fetch or write the image again.",
  });
}
