import { digestOf } from "../bytes/digest.ts";
import { readBlob } from "../image/decompress/blob.ts";
import { isImageName, nameAfterFile } from "../image/image-name.ts";
import type { OpenOptions } from "../image/open-options.ts";
import {
  type ArchivedDockerImage,
  type DockerArchiveReference,
  findDockerImage,
  fullName,
} from "../image/source/docker-archive.ts";
import { DOCUMENT_LIMIT } from "../image/source/oci-manifest.ts";
import { requireDiffIds, requireDigest } from "./layout-payload.ts";
import type { PayloadImage, PayloadSource } from "./payload-image.ts";

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG = "application/vnd.docker.container.image.v1+json";
const LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/**
 * A payload in a Docker archive. Such an archive does not have a manifest. This code makes the same manifest, with the
 * same digest, as `podman load` (c/image, docker/internal/tarfile/src.go).
 */
export function archivePayload(
  reference: DockerArchiveReference,
  options: Omit<OpenOptions, "capture">,
): PayloadSource {
  const { path, tag } = reference;
  return {
    async describe() {
      const image = await findDockerImage(reference, options);
      using _ = image.archive;
      const { digest } = await manifestOf(image);
      const own = tag === undefined || tag.startsWith("@") ? image.names : [tag];
      const names = own.length > 0 ? own.map(fullName) : [nameAfterFile(path, undefined)];
      return {
        reference: `docker-archive:${path}${tag === undefined ? "" : `:${tag}`}`,
        digest,
        indexes: [],
        // An archive may have any text as a name.
        names: names.filter((name) => name !== undefined && isImageName(name)) as string[],
      };
    },
    async open({ digest }) {
      const image = await findDockerImage(reference, options);
      try {
        return await payloadOf(image, { digest, path });
      } catch (error) {
        image.archive[Symbol.dispose]();
        throw error;
      }
    },
  };
}

async function payloadOf(
  image: ArchivedDockerImage,
  options: { digest: string; path: string },
): Promise<PayloadImage> {
  const { archive, config } = image;
  const made = await manifestOf(image);
  requireDigest(made.digest, options.digest, options.path);
  requireDiffIds(config.diffIds, image.layers.length, options.path);
  return {
    manifest: made.manifest,
    config: made.config,
    indexes: [],
    created: config.created,
    layers: image.layers.map(({ layer, diffId }, index) => ({
      layer,
      diffId,
      blob: { digest: diffId, size: made.sizes[index] as number, mediaType: LAYER },
    })),
    async [Symbol.asyncDispose]() {
      archive[Symbol.dispose]();
    },
  };
}

async function manifestOf(image: ArchivedDockerImage): Promise<{
  manifest: Uint8Array;
  digest: string;
  config: Uint8Array;
  sizes: number[];
}> {
  const config = await readBlob(image.configBlob, DOCUMENT_LIMIT);
  const sizes: number[] = [];
  for (const { layer } of image.layers) {
    let size = 0;
    for await (const chunk of layer.open()) size += chunk.length;
    sizes.push(size);
  }
  const layers = image.layers.map(({ diffId }, index) => ({
    mediaType: LAYER,
    size: sizes[index],
    digest: diffId,
  }));
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, size: config.length, digest: digestOf(config) },
    layers,
  });
  const manifest = Buffer.from(text);
  return { manifest, digest: digestOf(manifest), config, sizes };
}
