import { rmSync } from "node:fs";
import { digestOf } from "../bytes/digest.ts";
import { memoryBlob, readBlob } from "../image/decompress/blob.ts";
import { blobLayer } from "../image/decompress/layer.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { directoryStore } from "../image/source/blob-store.ts";
import { rawManifest, repositoryOf, runSkopeo, withRegistryProgress } from "../image/source/docker.ts";
import { fullName } from "../image/source/docker-archive.ts";
import { makeFetchFolder } from "../image/source/fetched-image.ts";
import { chooseByArchitecture } from "../image/source/oci-choice.ts";
import { checkArchitecture, checkedLayer } from "../image/source/oci-layout.ts";
import { DOCUMENT_LIMIT, readImageConfig, readManifestOrIndex } from "../image/source/oci-manifest.ts";
import { requireDiffIds, requireDigest } from "./layout-payload.ts";
import type { PayloadImage, PayloadSource } from "./payload-image.ts";

/** A payload in a registry, which skopeo fetches unchanged. Other programs would write another manifest. */
export function registryPayload(
  reference: { name: string },
  options: Omit<OpenOptions, "capture">,
): PayloadSource {
  const { name } = reference;
  const repository = repositoryOf(name);
  return {
    async describe() {
      const manifest = await rawManifest(name, options);
      const found = await readManifestOrIndex(memoryBlob(manifest, `the manifest of \`docker://${name}\``));
      const own = digestOf(manifest);
      const described = { reference: `docker://${name}`, names: [nameOf(name)] };
      if (found.index === undefined) return { ...described, digest: own, indexes: [] };
      const { digest } = chooseByArchitecture(found.index.manifests, {
        tag: undefined,
        architecture: options.architecture,
        location: `docker://${name}`,
      });
      return { ...described, digest, indexes: [own] };
    },
    async open({ digest, indexes }) {
      const documents: Uint8Array[] = [];
      for (const index of indexes) documents.push(await indexOf(`${repository}@${index}`, index, options));
      return { ...(await fetched({ name: `${repository}@${digest}`, digest }, options)), indexes: documents };
    },
  };
}

async function indexOf(
  name: string,
  digest: string,
  options: Omit<OpenOptions, "capture">,
): Promise<Uint8Array> {
  const bytes = await rawManifest(name, options);
  requireDigest(digestOf(bytes), digest, name);
  return bytes;
}

/** The name that `podman pull` would give it. */
function nameOf(name: string): string {
  const [repository = "", digest] = name.split("@");
  return digest === undefined
    ? fullName(repository)
    : `${fullName(repository).replace(/:[^/:]*$/, "")}@${digest}`;
}

async function fetched(
  image: { name: string; digest: string },
  options: Omit<OpenOptions, "capture">,
): Promise<Omit<PayloadImage, "indexes">> {
  const layout = makeFetchFolder(options.work, "blobs/sha256");
  const release = () => rmSync(layout, { recursive: true, force: true });
  try {
    // For `dir:` skopeo names files after their digests, as in a layout.
    const folder = `${layout}/blobs/sha256`;
    const copy = ["copy", "--quiet", "--remove-signatures", `docker://${image.name}`, `dir:${folder}`];
    const fetch = () => runSkopeo(image.name, options, { argv: copy });
    await withRegistryProgress(fetch, { name: image.name, folder, options });
    using store = directoryStore(layout, options);
    const bytes = await readBlob(store.file("blobs/sha256/manifest.json"), DOCUMENT_LIMIT);
    requireDigest(digestOf(bytes), image.digest, image.name);
    const { manifest } = await readManifestOrIndex(
      memoryBlob(bytes, `the manifest of \`docker://${image.name}\``),
    );
    const descriptors = manifest?.layers ?? [];
    const configBlob = store.blob(manifest?.config ?? { digest: image.digest, size: bytes.length });
    const config = await readImageConfig(configBlob);
    checkArchitecture(config.architecture, options.architecture, image.name);
    requireDiffIds(config.diffIds, descriptors.length, `docker://${image.name}`);
    return {
      manifest: bytes,
      config: await readBlob(configBlob, DOCUMENT_LIMIT),
      created: config.created,
      layers: descriptors.map((descriptor, index) => ({
        layer: blobLayer(store.blob(checkedLayer(descriptor))),
        diffId: config.diffIds?.[index] ?? "",
        blob: { ...descriptor, mediaType: descriptor.mediaType ?? "" },
      })),
      async [Symbol.asyncDispose]() {
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}
