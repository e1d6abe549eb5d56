import type { Reporter } from "../../base/progress.ts";
import type { OpenedFile } from "../../bytes/byte-range.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { KnownFiles } from "../../reuse/known-files.ts";
import { newBlocks } from "../../reuse/new-blocks.ts";
import { openReused, type ReusedFile } from "../../reuse/reused-file.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { BlockReuse, BlockUse } from "../../squashfs/blocks/block-reuse.ts";
import { codecIdentity, codecOf } from "../../squashfs/blocks/codec.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import { writeBlocks } from "../work/cached-blocks.ts";
import { PLAIN_IDENTITY } from "../work/kept-contents.ts";
import { storeOrWarn } from "../work/store-or-warn.ts";
import { EarlierLayers } from "./earlier-layers.ts";
import type { Made } from "./stage.ts";

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

/** Whether platter compresses the blocks of this root file system, so that they are found again. */
export function hasOwnBlocks(squash: RootfsOptions): boolean {
  return squash.type === "squashfs" && codecOf(squash)?.pack !== undefined;
}

/** Blocks of earlier builds for one squash: those of a file that the user names, and those of a cache. */
export class EarlierBlocks implements Disposable {
  readonly #options: EarlierOptions;
  readonly #known = new KnownFiles();
  /** Contents without compression that the cache has besides compressed blocks. */
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
    return hasOwnBlocks(squash) ? new EarlierBlocks(options) : undefined;
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
    for (const { identity, file } of await cache.openBlocks([codecIdentity(squash), PLAIN_IDENTITY], {
      warn,
    }))
      (identity === PLAIN_IDENTITY ? this.#plain : this.#known).add(file);
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

  /** `cache` if all blocks of the squashfs that was written are from the cache. */
  get origin(): Made["origin"] {
    const sources = this.#use?.sources ?? [];
    return sources.length > 0 && sources.every((source) => this.#known.keeps(source)) ? "cache" : undefined;
  }

  /**
   * Adds to the cache the blocks of the squashfs that was written, except those that are from the cache. Does nothing if no
   * squashfs was written. The squashfs begins at byte `offset` of the file.
   */
  async keepBlocks(squashfs: { file: OpenedFile; offset: number }): Promise<void> {
    const { cache, reporter, squash, signal } = this.#options;
    if (cache === undefined || this.#use === undefined) return;
    const found = newBlocks(this.#use, (source) => this.#known.keeps(source));
    if (found.blocks.count === 0 || found.bytes > cache.limit) return;
    const options = { squashfs, identity: codecIdentity(squash), signal };
    const store = () => cache.storeWritten((path) => writeBlocks(found, path, options));
    await storeOrWarn("the blocks of the root file system", { store, cache, reporter });
  }

  /** The same for a squashfs that is a file of its own. @throws PlatterError `E_FILE_OPEN` */
  async keepBlocksOf(path: string): Promise<void> {
    if (this.#use === undefined) return;
    using file = OpenFile.open(path);
    await this.keepBlocks({ file, offset: 0 });
  }

  [Symbol.dispose](): void {
    this.#known[Symbol.dispose]();
    this.#plain[Symbol.dispose]();
    this.#earlier?.[Symbol.dispose]();
  }
}
