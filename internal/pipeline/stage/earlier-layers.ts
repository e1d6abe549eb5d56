import type { KeptLayers, LayerCount, LayerStore } from "../../image/layer-store.ts";
import { KnownContents } from "../../reuse/known-contents.ts";
import type { KnownFiles } from "../../reuse/known-files.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import { writeContents } from "../work/kept-contents.ts";

/** The layers of one image in a cache: those of earlier builds, and those that this build keeps. */
export class EarlierLayers implements LayerStore {
  readonly version: string;
  readonly blockSize: number;
  readonly #cache: ArtifactCache;
  readonly #contents: KnownContents;
  /** Digests of the contents of the open image. */
  kept: KeptLayers | undefined;

  /** `files` have contents, and must stay open. */
  constructor(
    cache: ArtifactCache,
    { version, blockSize, files }: { version: string; blockSize: number; files: readonly KnownFiles[] },
  ) {
    this.#cache = cache;
    this.version = version;
    this.blockSize = blockSize;
    this.#contents = new KnownContents(files, { blockSize });
  }

  table(key: string): Buffer | undefined {
    return this.#cache.read(key);
  }

  content(digest: Uint8Array, length: number): Uint8Array | undefined {
    return this.#contents.content(digest, length);
  }

  opened(layers: KeptLayers): void {
    this.kept = layers;
  }

  /** The number of layers, and of those that were read. Undefined for an image without layers. */
  get count(): LayerCount | undefined {
    return this.kept?.count;
  }

  /** Adds to the cache what later builds need of the image's layers. Call it after the squashfs was written. */
  async save(): Promise<void> {
    const layers = this.kept;
    if (layers === undefined) return;
    const { blockSize } = this;
    const missing = [...layers.unkept()];
    if (missing.length > 0)
      await this.#cache.storeWritten((path) => writeContents(missing, path, { layers, blockSize }));
    await this.#cache.replace(layers.changed());
  }
}
