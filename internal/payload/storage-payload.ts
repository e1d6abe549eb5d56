import { rmSync } from "node:fs";
import { PlatterError } from "../base/error.ts";
import { digestOf } from "../bytes/digest.ts";
import { memoryBlob } from "../image/decompress/blob.ts";
import { blobLayer } from "../image/decompress/layer.ts";
import { namesMeant } from "../image/image-name.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { containersEnvironment } from "../image/source/containers-environment.ts";
import { lookUpStored, type StoredImage, storageName } from "../image/source/containers-storage.ts";
import { makeFetchFolder } from "../image/source/fetched-image.ts";
import { checkArchitecture, findOciImage } from "../image/source/oci-layout.ts";
import { readImageConfig, readManifestOrIndex } from "../image/source/oci-manifest.ts";
import { requireDiffIds, requireDigest } from "./layout-payload.ts";
import type { PayloadImage, PayloadSource } from "./payload-image.ts";
import { bigData, keptManifests } from "./storage-files.ts";

/** A payload in podman's storage, which is only read. */
export function storagePayload(
  reference: { name: string; noPath?: string | undefined },
  options: Omit<OpenOptions, "capture">,
): PayloadSource {
  const { name } = reference;
  const inspect = () => lookUpStored(reference, options);
  return {
    async describe() {
      const stored = await inspect();
      checkArchitecture(stored.Architecture, options.architecture, `containers-storage:${name}`);
      const { digest, indexes } = await manifestsOf(stored, name, options);
      return {
        reference: `containers-storage:${name}`,
        digest,
        indexes: indexes.map(digestOf),
        names: namesMeant(storageName(name).image, stored.RepoTags ?? []),
      };
    },
    async open({ digest, indexes }) {
      const stored = await inspect();
      const there = await manifestsOf(stored, name, options);
      requireDigest(there.digest, digest, `containers-storage:${name}`);
      const image = await openStored({ name, id: stored.Id, digest }, options);
      return { ...image, indexes: there.indexes.filter((bytes) => indexes.includes(digestOf(bytes))) };
    },
  };
}

async function openStored(
  image: { name: string; id: string; digest: string },
  options: Omit<OpenOptions, "capture">,
): Promise<Omit<PayloadImage, "indexes">> {
  const { name, id, digest } = image;
  const { podman } = storageName(name);
  // podman writes another manifest when it saves an image, and often another configuration: the copy is made only for
  // its layers.
  const manifest = await bigData(image, { key: "manifest", digest }, options);
  const config = await bigData(image, { key: `sha256:${id}`, digest: `sha256:${id}` }, options);
  const layout = makeFetchFolder(options.work);
  const release = () => rmSync(layout, { recursive: true, force: true });
  try {
    const save = ["save", "--quiet", "--uncompressed", "--format", "oci-dir", "--output", layout, id];
    await options.runTool({
      argv: [...podman, ...save],
      signal: options.signal,
      env: containersEnvironment(),
    });
    const saved = await findOciImage({ transport: "oci", path: layout, tag: undefined }, options);
    const read = (bytes: Uint8Array, what: string) => memoryBlob(bytes, `${what} of \`${name}\``);
    const found = await readManifestOrIndex(read(manifest, "manifest"));
    const { diffIds, created } = await readImageConfig(read(config, "configuration"));
    requireDiffIds(diffIds, saved.layers.length, `containers-storage:${name}`);
    const blobs = found.manifest?.layers ?? [];
    requireDiffIds(diffIds, blobs.length, `containers-storage:${name}`);
    return {
      manifest,
      config,
      created,
      layers: blobs.map(({ digest, size, mediaType = "" }, index) => ({
        layer: blobLayer(saved.layers[index]!),
        diffId: diffIds![index]!,
        blob: { digest, size, mediaType },
      })),
      async [Symbol.asyncDispose]() {
        saved.store[Symbol.dispose]();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** The digest of an image's own manifest, and the indexes by which it was pulled. */
async function manifestsOf(
  stored: StoredImage,
  name: string,
  options: Omit<OpenOptions, "capture">,
): Promise<{ digest: string; indexes: Uint8Array[] }> {
  const kept = await keptManifests({ name, id: stored.Id }, options);
  if (kept !== undefined) return kept;
  if (stored.Digest !== undefined && stored.Digest !== "") return { digest: stored.Digest, indexes: [] };
  throw new PlatterError({
    code: "E_PAYLOAD_DIGEST",
    kind: "contract",
    message: `Cannot find the digest of the payload \`${name}\`: podman does not report one`,
    hint: "Pull or build it again.",
  });
}
