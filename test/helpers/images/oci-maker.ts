/** Writes OCI image layouts for tests. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
  platform?: { architecture: string; os: string };
}

export interface StoredLayer {
  stored: Descriptor;
  diffId: string;
}

export type LayerCompression = "none" | "gzip" | "zstd";

const LAYER = "application/vnd.oci.image.layer.v1.tar";
const SUFFIX = { none: "", gzip: "+gzip", zstd: "+zstd" } as const;

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export class OciMaker {
  readonly #manifests: Descriptor[] = [];

  constructor(readonly directory: string) {
    mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
    writeFileSync(join(directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  }

  blob(mediaType: string, content: Uint8Array | object): Descriptor {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const digest = sha256(bytes);
    writeFileSync(join(this.directory, "blobs/sha256", digest.slice(7)), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  /** Stores a layer, given as a plain tar. */
  layer(tar: Uint8Array, compression: LayerCompression): StoredLayer {
    const stored = this.blob(`${LAYER}${SUFFIX[compression]}`, compressed(tar, compression));
    return { stored, diffId: sha256(tar) };
  }

  /** An image of these layers, given as plain tars; returns its manifest's descriptor. */
  image(
    layers: readonly Uint8Array[],
    options: { compression?: LayerCompression; architecture?: string; created?: string } = {},
  ): Descriptor {
    const { compression = "gzip", ...about } = options;
    return this.imageOf(
      layers.map((layer) => this.layer(layer, compression)),
      about,
    );
  }

  /** An image of layers that are stored; returns its manifest's descriptor. */
  imageOf(
    layers: readonly StoredLayer[],
    options: { architecture?: string; created?: string } = {},
  ): Descriptor {
    const { architecture = "amd64", created = "2024-05-06T07:08:09.5Z" } = options;
    const config = this.blob("application/vnd.oci.image.config.v1+json", {
      architecture,
      os: "linux",
      created,
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created, created_by: "test" })),
    });
    const manifest = {
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers: layers.map(({ stored }) => stored),
    };
    return this.blob(manifest.mediaType, manifest);
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    const mediaType = "application/vnd.oci.image.index.v1+json";
    return this.blob(mediaType, { schemaVersion: 2, mediaType, manifests });
  }

  /** Adds an entry to `index.json`. */
  add(descriptor: Descriptor, tag?: string): this {
    const annotations = tag === undefined ? {} : { "org.opencontainers.image.ref.name": tag };
    this.#manifests.push({ ...descriptor, annotations });
    const index = { schemaVersion: 2, manifests: this.#manifests };
    writeFileSync(join(this.directory, "index.json"), JSON.stringify(index));
    return this;
  }
}

export function compressed(bytes: Uint8Array, compression: LayerCompression): Uint8Array {
  if (compression === "gzip") return gzipSync(bytes, { level: 1 });
  return compression === "zstd" ? zstdCompressSync(bytes) : bytes;
}
