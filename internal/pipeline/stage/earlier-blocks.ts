import type { Reporter } from "../../base/progress.ts";
import { type BlockIndex, encodeIndex } from "../../reuse/block-index.ts";
import { KnownFiles } from "../../reuse/known-files.ts";
import { encodeParts } from "../../reuse/part-index.ts";
import { openReused, type ReusedFile } from "../../reuse/reused-file.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { BlockReuse, BlockUse } from "../../squashfs/blocks/block-reuse.ts";
import { codecIdentity, codecOf } from "../../squashfs/blocks/codec.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import type { NewEntry } from "../work/cache-folder.ts";
import { PLAIN_IDENTITY } from "../work/kept-contents.ts";
import { storeOrWarn } from "../work/store-or-warn.ts";
import { EarlierLayers } from "./earlier-layers.ts";

/** How much of a root file system was taken from earlier builds, in compressed bytes. */
export interface Reused {
  bytes: number;
  of: number;
}

export interface EarlierOptions {
  squash: RootfsOptions;
  cache: ArtifactCache | undefined;
  /** Host path of an earlier ISO or squashfs. */
  reuse: string | undefined;
  /** The version of platter. */
  version: string;
  reporter: Pick<Reporter, "warn">;
  signal: AbortSignal;
}

/** Blocks of earlier builds for one squash: those of a file that the user names, and those of a cache. */
export class EarlierBlocks implements Disposable {
  readonly #options: EarlierOptions;
  readonly #known = new KnownFiles();
  /** Contents without compression that the cache has besides squashfs files. */
  readonly #plain = new KnownFiles();
  #earlier: ReusedFile | undefined;
  #use: BlockUse | undefined;
  /** The layers of the image. Undefined without a cache, or before it was opened. */
  layers: EarlierLayers | undefined;

  private constructor(options: EarlierOptions) {
    this.#options = options;
  }

  /** Undefined if there is nothing to look in, or if platter compresses no block of this root file system. */
  static of(options: EarlierOptions): EarlierBlocks | undefined {
    const { squash, cache, reuse } = options;
    if (cache === undefined && reuse === undefined) return undefined;
    const isCompressed = squash.type === "squashfs" && codecOf(squash)?.pack !== undefined;
    return isCompressed ? new EarlierBlocks(options) : undefined;
  }

  /**
   * Adds the blocks of the earlier ISO, if there is one. If no block of it can be used, that is a warning.
   * @throws PlatterError `E_ISO_OPEN`, `E_INTERRUPTED`
   */
  async read(): Promise<void> {
    const { squash, signal, reporter, reuse: path } = this.#options;
    if (path === undefined) return;
    const found = await openReused(path, { wanted: squash, signal });
    if ("reason" in found) {
      reporter.warn(`No block of \`${path}\` is reused: ${found.reason}`);
      return;
    }
    this.#earlier = found;
  }

  /** Opens the cache, if there is one, before the image is opened. */
  async openCache(): Promise<void> {
    const { cache, squash, reporter, version } = this.#options;
    if (cache === undefined) return;
    const warn = (text: string) => reporter.warn(text);
    for (const file of await cache.openBlocks(codecIdentity(squash), { warn })) this.#known.add(file);
    for (const file of await cache.openBlocks(PLAIN_IDENTITY, { warn })) this.#plain.add(file);
    const files = [this.#known, this.#plain];
    this.layers = new EarlierLayers(cache, { version, blockSize: squash.blockSize, files });
  }

  /** The part of a squash's options about earlier blocks. Undefined if a squash neither finds blocks nor keeps them. */
  reuse(): BlockReuse | undefined {
    const { layers } = this;
    const { cache } = this.#options;
    if (cache === undefined && this.#earlier === undefined) return undefined;
    const onUse = (use: BlockUse) => {
      this.#use = use;
    };
    return {
      known: this.#known.count === 0 ? undefined : this.#known,
      earlier: this.#earlier,
      digests: cache === undefined ? "duplicates" : "all",
      contents: layers?.kept,
      onUse,
    };
  }

  /** How much was reused; undefined if nothing was squashed, or there was nothing to look in. */
  get reused(): Reused | undefined {
    if (this.#use === undefined || !this.#hasEarlier) return undefined;
    return { bytes: this.#use.reusedBytes, of: this.#use.bytes };
  }

  get #hasEarlier(): boolean {
    return this.#known.count > 0 || this.#earlier !== undefined;
  }

  /** Adds to the cache what later builds need of the image's layers, after the squashfs was written. */
  async keepLayers(): Promise<void> {
    const { layers } = this;
    const { cache, reporter } = this.#options;
    if (layers === undefined || cache === undefined) return;
    await storeOrWarn("the tables of the layers", { store: () => layers.save(), cache, reporter });
  }

  /** The indexes of the squashfs that was written; undefined if none was. */
  indexes(): NewEntry["indexes"] {
    if (this.#use === undefined) return undefined;
    const { blocks, parts } = this.#use;
    const index: BlockIndex = { identity: codecIdentity(this.#options.squash), blocks };
    return { blocks: encodeIndex(index), parts: encodeParts(parts) };
  }

  [Symbol.dispose](): void {
    this.#known[Symbol.dispose]();
    this.#plain[Symbol.dispose]();
    this.#earlier?.[Symbol.dispose]();
  }
}
