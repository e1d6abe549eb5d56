import { PlatterError } from "../../base/error.ts";
import { counted } from "../../text/counted.ts";
import type { Blob } from "../decompress/blob.ts";
import { blobLayer, type Layer } from "../decompress/layer.ts";
import type { ImageTree } from "../image-tree.ts";
import { openLayeredTree } from "../layer/layered-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { archiveStore, type BlobStore, directoryStore } from "./blob-store.ts";
import { chooseByArchitecture, chooseByTag, type ImageChoice } from "./oci-choice.ts";
import { requireImage, requireLayers, requireLinux } from "./oci-kind.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  readImageConfig,
  readIndex,
  readJson,
  readManifestOrIndex,
} from "./oci-manifest.ts";
import { TarArchive } from "./tar-archive.ts";

export interface OciReference {
  transport: "oci" | "oci-archive";
  path: string;
  tag: string | undefined;
}

/** The most levels of nested indexes. */
const MAX_NESTING = 8;

/** An image in an OCI layout, before its layers are read. */
export interface OciImage {
  store: BlobStore;
  /** The entry of `index.json` that leads to it. */
  entry: Descriptor;
  /** Descriptors of the indexes that lead from the entry to the manifest. */
  indexes: readonly Descriptor[];
  /** Descriptor of the manifest. */
  descriptor: Descriptor;
  manifest: ImageManifest;
  config: ImageConfig;
  /** The layers as stored, possibly compressed. */
  layers: Blob[];
}

/**
 * An image in an OCI layout: a folder, or a tar archive of one, which is read in place.
 * @throws PlatterError `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`
 */
export async function openOciLayout(reference: OciReference, options: OpenOptions): Promise<ImageTree> {
  const image = await findOciImage(reference, options);
  const { store, descriptor, manifest, config } = image;
  let layers: Layer[];
  try {
    requireLayers(manifest, reference);
    layers = checkedLayers(image);
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
  const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
  const source = {
    reference: `${reference.transport}:${reference.path}${tag}`,
    transport: reference.transport,
    digest: descriptor.digest,
    layers: config.layers,
    layerBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0),
    created: config.created,
    architecture: config.architecture,
  };
  return await openLayeredTree({ ...options, source, layers, dialect: "layer", resources: store });
}

/**
 * Finds an image in a layout; the caller disposes of the store.
 * @throws PlatterError `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`
 */
export async function findOciImage(
  reference: OciReference,
  options: Omit<OpenOptions, "capture">,
): Promise<OciImage> {
  const store =
    reference.transport === "oci"
      ? directoryStore(reference.path, options)
      : archiveStore(await TarArchive.open(reference.path, options));
  try {
    await readJson(store.file("oci-layout"));
    const found = await findManifest(store, {
      tag: reference.tag,
      architecture: options.architecture,
      location: reference.path,
    });
    const { manifest } = found;
    requireImage(manifest, reference.path);
    const config = await readImageConfig(store.blob(manifest.config));
    requireLinux(config, reference.path);
    checkArchitecture(config.architecture, options.architecture, reference.path);
    const layers = manifest.layers.map((layer) => store.blob(checkedLayer(layer)));
    return { store, ...found, config, layers };
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}

/** Layers whose plain tars are compared with the configuration. @throws PlatterError `E_IMAGE_MANIFEST`, `E_BLOB_DIGEST` */
function checkedLayers({ store, config, layers }: OciImage): Layer[] {
  const diffIds = config.diffIds ?? [];
  if (diffIds.length === layers.length) {
    return layers.map((blob, index) => blobLayer(blob, { diffId: diffIds[index] }));
  }
  throw new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `Cannot use the image in \`${store.location}\`: it has ${counted(layers.length, "layer")}, and its configuration has digests for ${diffIds.length}`,
    hint: "Build the image again, or copy it again from where it was built.",
  });
}

async function findManifest(
  store: BlobStore,
  choice: ImageChoice,
): Promise<Pick<OciImage, "entry" | "indexes" | "descriptor" | "manifest">> {
  const index = await readIndex(store.file("index.json"));
  const entry = (await nestedEntry(store, index.manifests, choice.tag)) ?? chooseByTag(index, choice);
  const indexes: Descriptor[] = [];
  let descriptor = entry;
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    const found = await readManifestOrIndex(store.blob(descriptor));
    if (found.manifest !== undefined) return { entry, indexes, descriptor, manifest: found.manifest };
    indexes.push(descriptor);
    descriptor = chooseByArchitecture(found.index.manifests, choice);
  }
  throw new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `Cannot read \`${store.location}\`: it nests indexes more than ${MAX_NESTING} deep`,
  });
}

/** The manifest that `@DIGEST` names, if an index in the layout lists it. */
async function nestedEntry(
  store: BlobStore,
  entries: readonly Descriptor[],
  tag: string | undefined,
): Promise<Descriptor | undefined> {
  const digest = tag?.startsWith("@sha") ? tag.slice(1) : undefined;
  if (digest === undefined || entries.some((entry) => entry.digest === digest)) return undefined;
  let level = entries;
  for (let depth = 0; depth < MAX_NESTING && level.length > 0; depth++) {
    const below: Descriptor[] = [];
    for (const entry of level) {
      if (!/index|manifest\.list/.test(entry.mediaType ?? "")) continue;
      const { index } = await readManifestOrIndex(store.blob(entry));
      const found = index?.manifests.find((each) => each.digest === digest);
      if (found !== undefined) return found;
      for (const each of index?.manifests ?? []) below.push(each);
    }
    level = below;
  }
  return undefined;
}

/** @throws PlatterError `E_IMAGE_ARCH` if an image is for another architecture than the chosen one. */
export function checkArchitecture(
  actual: string | undefined,
  wanted: string | undefined,
  location: string,
): void {
  if (wanted === undefined || actual === undefined || actual === wanted) return;
  throw new PlatterError({
    code: "E_IMAGE_ARCH",
    kind: "contract",
    message: `Cannot use the image in \`${location}\`: it is for ${actual}, not for ${wanted}`,
  });
}

/** @throws PlatterError `E_IMAGE_LAYER` */
export function checkedLayer(layer: Descriptor): Descriptor {
  const type = layer.mediaType ?? "";
  if (type.includes("tar") && !type.endsWith("+encrypted")) return layer;
  throw new PlatterError({
    code: "E_IMAGE_LAYER",
    kind: "contract",
    message: `Cannot read the layer ${layer.digest}: its type \`${type}\` is not a file system layer that platter reads`,
    hint: type.endsWith("+encrypted") ? "Decrypt the image with `skopeo copy --decryption-key`." : undefined,
  });
}
