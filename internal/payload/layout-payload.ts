import { PlatterError } from "../base/error.ts";
import { type Blob, readBlob } from "../image/decompress/blob.ts";
import { blobLayer } from "../image/decompress/layer.ts";
import { fullImageName, nameAfterFile } from "../image/image-name.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { findOciImage, type OciImage, type OciReference } from "../image/source/oci-layout.ts";
import { DOCUMENT_LIMIT } from "../image/source/oci-manifest.ts";
import { counted } from "../text/counted.ts";
import type { PayloadDescription, PayloadImage, PayloadLayer, PayloadSource } from "./payload-image.ts";

/** Annotations with the name of an image in a layout. That of containerd has the full name. */
const NAME_ANNOTATIONS = ["io.containerd.image.name", "org.opencontainers.image.ref.name"];

/** A payload in an OCI layout, which is read in place. */
export function layoutPayload(reference: OciReference, options: Omit<OpenOptions, "capture">): PayloadSource {
  return {
    async describe() {
      const image = await findOciImage(reference, options);
      using store = image.store;
      for (const layer of image.manifest.layers) await requireBlob(store.blob(layer));
      return descriptionOf(image, reference);
    },
    async open({ digest }) {
      const image = await findOciImage(reference, options);
      try {
        requireDigest(image.descriptor.digest, digest, reference.path);
        return await payloadOf(image);
      } catch (error) {
        image.store[Symbol.dispose]();
        throw error;
      }
    },
  };
}

function descriptionOf(image: OciImage, reference: OciReference): PayloadDescription {
  const { transport, path, tag } = reference;
  const annotated = NAME_ANNOTATIONS.map((key) => image.entry.annotations?.[key]).find(
    // A tag alone is not a name.
    (name) => name !== undefined && /[/]/.test(name),
  );
  const own = image.entry.annotations?.["org.opencontainers.image.ref.name"];
  const name = annotated === undefined ? nameAfterFile(path, own) : fullImageName(annotated, "localhost");
  return {
    reference: `${transport}:${path}${tag === undefined ? "" : `:${tag}`}`,
    digest: image.descriptor.digest,
    indexes: image.indexes.map(({ digest }) => digest),
    names: name === undefined ? [] : [name],
  };
}

async function payloadOf(image: OciImage): Promise<PayloadImage> {
  const { store, descriptor, manifest, config } = image;
  const layers = image.layers.map((blob, index): PayloadLayer => {
    const { digest, size, mediaType = "" } = manifest.layers[index]!;
    // Unpacking the layer checks the digest of the plain tar.
    const layer = blobLayer(blob);
    return { layer, diffId: config.diffIds?.[index] ?? "", blob: { digest, size, mediaType } };
  });
  requireDiffIds(config.diffIds, layers.length, store.location);
  const indexes: Uint8Array[] = [];
  for (const index of image.indexes) indexes.push(await readBlob(store.blob(index), DOCUMENT_LIMIT));
  return {
    indexes,
    manifest: await readBlob(store.blob(descriptor), DOCUMENT_LIMIT),
    config: await readBlob(store.blob(manifest.config), DOCUMENT_LIMIT),
    created: config.created,
    layers,
    async [Symbol.asyncDispose]() {
      store[Symbol.dispose]();
    },
  };
}

/** @throws PlatterError `E_IMAGE_MANIFEST` unless the configuration has a digest of every layer */
export function requireDiffIds(
  diffIds: readonly string[] | undefined,
  layers: number,
  location: string,
): void {
  if (diffIds?.length === layers && diffIds.every((id) => /^sha256:[0-9a-f]{64}$/.test(id))) return;
  throw new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `Cannot use the payload in \`${location}\`: it has ${counted(layers, "layer")}, and its configuration has digests for ${diffIds?.length ?? 0}`,
    hint: "Build it again as a container image with podman or buildah.",
  });
}

/** @throws PlatterError `E_PAYLOAD_CHANGED` */
export function requireDigest(actual: string, wanted: string, location: string): void {
  if (actual === wanted) return;
  throw new PlatterError({
    code: "E_PAYLOAD_CHANGED",
    kind: "usage",
    message: `Cannot use the payload in \`${location}\`: it changed after the plan was made`,
    hint: "Run `platter inspect` again, and the stages after it.",
  });
}

/** Reads the first bytes of a blob, which fails if it is not there. */
async function requireBlob(blob: Blob): Promise<void> {
  for await (const _ of blob.open()) return;
}
