import { PlatterError } from "../error.ts";
import { archiveStore, type BlobStore, directoryStore } from "./blob-store.ts";
import { externalDecompressor } from "./external-decompressor.ts";
import type { ImageTree } from "./image-tree.ts";
import { blobLayer } from "./layer.ts";
import { openLayeredTree } from "./layered-tree.ts";
import { chooseByArchitecture, chooseByTag, type ImageChoice } from "./oci-choice.ts";
import {
  type Descriptor,
  type ImageManifest,
  readConfig,
  readIndex,
  readJson,
  readManifestOrIndex,
} from "./oci-manifest.ts";
import type { OpenOptions } from "./open-options.ts";
import { TarArchive } from "./tar-archive.ts";

export interface OciReference {
  transport: "oci" | "oci-archive";
  path: string;
  tag: string | undefined;
}

/** How deep indexes may be nested. */
const MAX_NESTING = 8;

/**
 * An image in an OCI layout: a folder, or a tar archive of one, which is read in place.
 * @throws PlatterError `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`
 */
export async function openOciLayout(reference: OciReference, options: OpenOptions): Promise<ImageTree> {
  const external = externalDecompressor(options);
  const store =
    reference.transport === "oci"
      ? directoryStore(reference.path, options)
      : archiveStore(await TarArchive.open(reference.path, { ...options, external }));
  try {
    await readJson(store.file("oci-layout"));
    const { digest, manifest } = await findManifest(store, {
      tag: reference.tag,
      architecture: options.architecture,
      location: reference.path,
    });
    const config = await readConfig(store.blob(manifest.config));
    checkArchitecture(config.architecture, options.architecture, reference.path);
    const layers = manifest.layers.map((layer) => blobLayer(store.blob(checkedLayer(layer)), { external }));
    const tag = reference.tag === undefined ? "" : `:${reference.tag}`;
    const source = {
      reference: `${reference.transport}:${reference.path}${tag}`,
      transport: reference.transport,
      digest,
      layerBytes: manifest.layers.reduce((sum, { size }) => sum + size, 0),
      created: config.created,
      architecture: config.architecture,
    };
    return await openLayeredTree({ ...options, source, layers, dialect: "layer", resources: store });
  } catch (error) {
    store[Symbol.dispose]();
    throw error;
  }
}

async function findManifest(
  store: BlobStore,
  choice: ImageChoice,
): Promise<{ digest: string; manifest: ImageManifest }> {
  let chosen = chooseByTag(await readIndex(store.file("index.json")), choice);
  for (let depth = 0; depth < MAX_NESTING; depth++) {
    const found = await readManifestOrIndex(store.blob(chosen));
    if (found.manifest !== undefined) return { digest: chosen.digest, manifest: found.manifest };
    chosen = chooseByArchitecture(found.index.manifests, choice);
  }
  throw new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `\`${store.location}\` nests indexes more than ${MAX_NESTING} deep.`,
  });
}

/** @throws PlatterError `E_IMAGE_ARCH` if an image is for another architecture than the one asked for. */
export function checkArchitecture(
  actual: string | undefined,
  wanted: string | undefined,
  location: string,
): void {
  if (wanted === undefined || actual === undefined || actual === wanted) return;
  throw new PlatterError({
    code: "E_IMAGE_ARCH",
    kind: "contract",
    message: `The image in \`${location}\` is for ${actual}, not for ${wanted}.`,
  });
}

function checkedLayer(layer: Descriptor): Descriptor {
  const type = layer.mediaType ?? "";
  if (type.includes("tar") && !type.endsWith("+encrypted")) return layer;
  throw new PlatterError({
    code: "E_IMAGE_LAYER",
    kind: "contract",
    message: `The layer ${layer.digest} is of the type \`${type}\`, which is not a readable file system layer.`,
    hint: type.endsWith("+encrypted") ? "Decrypt the image with `skopeo copy --decryption-key`." : undefined,
  });
}
