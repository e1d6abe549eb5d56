import { digestOf } from "../bytes/digest.ts";
import type { ExistingStorage } from "./existing-storage.ts";
import { type LayerStore, linkName, type StorageLayer } from "./layer-store.ts";
import type { PayloadImage } from "./payload-image.ts";
import {
  addImageRecord,
  type BigData,
  bigDataFile,
  type ImageRecord,
  newImageRecord,
  newLayerRecord,
} from "./storage-records.ts";
import type { StorageTree } from "./storage-tree.ts";

/** Folders and files of the storage that only podman reads. */
const OWN_FOLDER = 0o700;
const OWN_FILE = 0o600;
/** The mode of all other files. */
const FILE = 0o644;
const FOLDER = 0o755;

/** A payload with its names in the storage. */
export interface NamedPayload {
  image: PayloadImage;
  digest: string;
  names: readonly string[];
}

interface StorageOptions {
  storage: StorageTree;
  layers: LayerStore;
  existing: ExistingStorage;
  /** Names of the folders that lead to the storage. */
  place: readonly string[];
  /** Seconds since 1970, the creation time of images that do not have one. */
  time: number;
}

/**
 * Writes payloads as podman's storage with the driver overlay, as containers/storage 1.43 does (layers.go, images.go,
 * drivers/overlay/overlay.go), and keeps the image's own storage.
 * @throws PlatterError `E_PAYLOAD_…`, `E_BLOB_…`, `E_TAR_…`
 */
export async function writeStorage(
  payloads: readonly NamedPayload[],
  options: StorageOptions,
): Promise<void> {
  const { storage, layers, place } = options;
  let top = storage.root;
  for (const [i, name] of place.entries()) {
    top = storage.folder(top, name, i === place.length - 1 ? OWN_FOLDER : FOLDER);
  }
  const folder = (name: string) => storage.folder(top, name, OWN_FOLDER);
  const images = folder("overlay-images");
  let records = options.existing.images;
  for (const payload of payloads) {
    const { image } = payload;
    const created = new Date((image.created ?? options.time) * 1000).toISOString();
    const topLayer = (await layers.add(image.layers, created))?.id;
    records = addImageRecord(records, await writeImage(payload, { storage, images, created, topLayer }));
  }
  await storage.file(images, "images.json", { bytes: JSON.stringify(records), mode: OWN_FILE });
  await writeLayers(options, { records: folder("overlay-layers"), overlay: folder("overlay") });
  // podman reads a read-only storage only if these files exist.
  for (const name of ["images", "layers", "containers"]) {
    await storage.file(folder(`overlay-${name}`), `${name}.lock`, { bytes: "", mode: FILE });
  }
}

async function writeImage(
  { image, digest, names }: NamedPayload,
  into: { storage: StorageTree; images: number; created: string; topLayer: string | undefined },
): Promise<ImageRecord> {
  const { storage, images, created, topLayer } = into;
  const { manifest, config, indexes } = image;
  const configDigest = digestOf(config);
  const id = configDigest.slice("sha256:".length);
  const data: BigData[] = [
    { key: configDigest, bytes: config, digest: configDigest },
    { key: `manifest-${digest}`, bytes: manifest, digest },
    { key: "manifest", bytes: manifest, digest },
    // podman stores the index by which it pulled an image, and finds the image by the index's digest.
    ...indexes.map((bytes) => ({ key: `manifest-${digestOf(bytes)}`, bytes, digest: digestOf(bytes) })),
  ];
  const folder = storage.folder(images, id, OWN_FOLDER);
  for (const { key, bytes } of data) {
    const name = bigDataFile(key);
    // The same image may occur twice, with two names.
    if (storage.table.child(folder, name) !== 0) continue;
    await storage.file(folder, name, { bytes, mode: OWN_FILE });
  }
  const [index] = indexes;
  // As in podman, the image's digest is that of the index by which it was pulled.
  const shown = index === undefined ? digest : digestOf(index);
  return newImageRecord({ id, digest: shown, names, data, created, topLayer });
}

async function writeLayers(
  { storage, layers, existing }: StorageOptions,
  into: { records: number; overlay: number },
): Promise<void> {
  const { records, overlay } = into;
  const there = new Set(existing.layers.map(({ id }) => id));
  const fresh = [...layers.layers].filter(({ id }) => !there.has(id));
  const whole = layers.selfContained();
  const chainOf = async (layer: StorageLayer): Promise<string> => {
    if (there.has(layer.id)) return existing.chain(layer.id);
    const own = `l/${linkName(layer.id)}`;
    return layer.parent === undefined || whole.has(layer) ? own : `${own}:${await chainOf(layer.parent)}`;
  };
  const folderOf = ({ id }: StorageLayer) => storage.folder(overlay, id, OWN_FOLDER);
  const links = storage.folder(overlay, "l", FOLDER);
  for (const layer of fresh) {
    const { id, parent } = layer;
    const folder = folderOf(layer);
    const link = linkName(id);
    storage.symlink(links, link, `../${id}/diff`);
    await storage.file(folder, "link", { bytes: link, mode: FILE });
    // For a layer without a parent, overlayfs needs an empty lower folder.
    if (parent === undefined || whole.has(layer)) storage.folder(folder, "empty", OWN_FOLDER);
    else await storage.file(folder, "lower", { bytes: await chainOf(parent), mode: FILE });
    storage.folder(folder, "merged", OWN_FOLDER);
    storage.folder(folder, "work", OWN_FOLDER);
    await storage.file(records, `${id}.tar-split.gz`, { bytes: layer.tarSplit, mode: OWN_FILE });
  }
  layers.place(fresh, { whole, folderOf, storage });
  const added = fresh.map((layer) => newLayerRecord({ ...layer, parent: layer.parent?.id }));
  const all = JSON.stringify([...existing.layers, ...added]);
  await storage.file(records, "layers.json", { bytes: all, mode: OWN_FILE });
}
