import type { Reporter } from "../../base/progress.ts";
import { type BlockIndex, encodeIndex } from "../../reuse/block-index.ts";
import { KnownFiles } from "../../reuse/known-files.ts";
import { openReused } from "../../reuse/reused-file.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { BlockReuse, BlockUse } from "../../squashfs/blocks/block-reuse.ts";
import { codecIdentity, codecOf } from "../../squashfs/blocks/codec.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";

/** How much of a root file system was taken from earlier builds, in compressed bytes. */
export interface Reused {
  bytes: number;
  of: number;
}

export interface EarlierOptions {
  squash: RootfsOptions;
  cache: ArtifactCache | undefined;
  reporter: Pick<Reporter, "warn">;
  signal: AbortSignal;
}

/** Blocks of earlier builds for one squash: those of a file that the user names, and those of a cache. */
export class EarlierBlocks implements Disposable {
  readonly #options: EarlierOptions;
  readonly #known = new KnownFiles();
  #use: BlockUse | undefined;
  #isCacheOpen = false;

  private constructor(options: EarlierOptions) {
    this.#options = options;
  }

  /** Undefined if platter compresses no block of this root file system. */
  static of(options: EarlierOptions): EarlierBlocks | undefined {
    const { squash } = options;
    const isCompressed = squash.type === "squashfs" && codecOf(squash)?.pack !== undefined;
    return isCompressed ? new EarlierBlocks(options) : undefined;
  }

  /**
   * Adds the blocks of an ISO or squashfs. A file of which no block can be used is a warning.
   * @throws PlatterError `E_ISO_OPEN`, `E_INTERRUPTED`
   */
  async read(path: string): Promise<void> {
    const { squash, signal, reporter } = this.#options;
    const found = await openReused(path, { wanted: squash, signal });
    if ("reason" in found) {
      reporter.warn(`No block of \`${path}\` is reused: ${found.reason}`);
      return;
    }
    const onDamaged = () =>
      reporter.warn(`Blocks of \`${path}\` have changed, so platter compresses them again`);
    this.#known.add({ ...found, onDamaged });
  }

  /** The part of a squash's options about earlier blocks. Undefined if a squash neither finds blocks nor keeps them. */
  async reuse(): Promise<BlockReuse | undefined> {
    const { cache, squash, reporter } = this.#options;
    if (cache !== undefined && !this.#isCacheOpen) {
      this.#isCacheOpen = true;
      const warn = (text: string) => reporter.warn(text);
      for (const file of await cache.openBlocks(codecIdentity(squash), { warn })) this.#known.add(file);
    }
    if (cache === undefined && this.#known.count === 0) return undefined;
    const onUse = (use: BlockUse) => {
      this.#use = use;
    };
    return { known: this.#known.count === 0 ? undefined : this.#known, onUse };
  }

  /** How much was reused; undefined if nothing was squashed, or there was nothing to look in. */
  get reused(): Reused | undefined {
    if (this.#use === undefined || this.#known.count === 0) return undefined;
    return { bytes: this.#use.reusedBytes, of: this.#use.bytes };
  }

  /** The index of the blocks of the squashfs that was written; undefined if none was. */
  index(): Buffer | undefined {
    if (this.#use === undefined) return undefined;
    const index: BlockIndex = { identity: codecIdentity(this.#options.squash), blocks: this.#use.blocks };
    return encodeIndex(index);
  }

  [Symbol.dispose](): void {
    this.#known[Symbol.dispose]();
  }
}
