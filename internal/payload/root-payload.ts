import { digestOf } from "../bytes/digest.ts";
import { madeLayer } from "../image/decompress/layer.ts";
import { nameAfterFile } from "../image/image-name.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { openImage } from "../image/open/open-image.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { formatReference, type ImageReference } from "../image/reference.ts";
import { hostOciArchitecture } from "../image/source/oci-choice.ts";
import { tarStream } from "../rootfs/entry-stream.ts";
import { requireDigest } from "./layout-payload.ts";
import type { PayloadImage, PayloadLayer, PayloadSource } from "./payload-image.ts";

const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";

/**
 * A root file system as a payload: an image of one layer and a minimal configuration. The same tree gives the same
 * digest.
 */
export function rootPayload(
  reference: Extract<ImageReference, { transport: "dir" | "tar" }>,
  options: Omit<OpenOptions, "capture">,
): PayloadSource {
  const open = () => openImage(reference, { ...options, capture: () => false });
  return {
    async describe() {
      await using tree = await open();
      const { digest } = await imageOf(tree, options.architecture);
      const name = nameAfterFile(reference.path, undefined);
      return {
        reference: formatReference(reference),
        digest,
        indexes: [],
        names: name === undefined ? [] : [name],
      };
    },
    async open({ digest }) {
      const tree = await open();
      try {
        const { digest: actual, ...image } = await imageOf(tree, options.architecture);
        requireDigest(actual, digest, reference.path);
        return {
          ...image,
          indexes: [],
          created: undefined,
          [Symbol.asyncDispose]: () => tree[Symbol.asyncDispose](),
        };
      } catch (error) {
        await tree[Symbol.asyncDispose]();
        throw error;
      }
    },
  };
}

async function imageOf(
  tree: ImageTree,
  architecture: string = hostOciArchitecture(),
): Promise<Pick<PayloadImage, "manifest" | "config" | "layers"> & { digest: string }> {
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  for await (const chunk of archiveOf(tree)) {
    hasher.update(chunk);
    size += chunk.length;
  }
  const diffId = `sha256:${hasher.digest("hex")}`;
  const config = jsonOf({
    architecture,
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const manifest = jsonOf({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
    layers: [{ mediaType: LAYER, digest: diffId, size }],
  });
  const layer: PayloadLayer = {
    layer: madeLayer(`the layer made of \`${tree.source.reference}\``, () => archiveOf(tree)),
    diffId,
    blob: { digest: diffId, size, mediaType: LAYER },
  };
  return { manifest, config, layers: [layer], digest: digestOf(manifest) };
}

/** The tree as a layer. Chunks are copies, which the reader may keep. */
async function* archiveOf(tree: ImageTree): AsyncGenerator<Uint8Array> {
  for await (const chunk of tarStream(tree, { include: () => true })) yield Uint8Array.from(chunk);
}

function jsonOf(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
