import type { ByteRange } from "../../bytes/byte-range.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { TarDialect } from "../../tar/member.ts";
import { tarError } from "../../tar/tar-error.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import { explained, type Layer } from "../decompress/layer.ts";
import type { Content, Inode, Locator, SequentialReader } from "../image-tree.ts";
import { layerOf, ordinalOf } from "./content-ranges.ts";
import { Spool, type SpoolSizes } from "./spool.ts";

/** A layer's decompressor holds more memory than this. */
const SMALL_REST = 1024 * 1024;

interface LayerReaderOptions {
  layers: readonly Layer[];
  dialect: TarDialect;
  work: string;
  signal: AbortSignal;
  /** Sizes of the spool, which keeps contents that are read before they are requested. */
  spool?: SpoolSizes;
  /** A layer with at most this many bytes left is read to its end immediately. The default is 1 MiB. */
  smallRest?: number;
  /** Returns a content that is already kept elsewhere. */
  captured: (locator: Locator) => Content | undefined;
}

/**
 * Reads many contents of many layers, each layer once and only forward. Layers in canonical order, such as those of
 * podman, buildah and docker, are streamed. In other layers, contents that come too early are kept until they are
 * requested.
 */
export class LayerReader implements SequentialReader {
  readonly #options: LayerReaderOptions;
  readonly #cursors: (LayerCursor | undefined)[] = [];
  readonly #spill: Spool;

  constructor(wanted: Iterable<Inode>, options: LayerReaderOptions) {
    this.#options = options;
    this.#spill = new Spool({
      directory: options.work,
      name: "early",
      signal: options.signal,
      sizes: options.spool,
    });
    for (const inode of wanted) {
      if (inode.size === 0 || inode.type !== "file") continue;
      const locator = inode.locator as Locator;
      if (options.captured(locator) === undefined) {
        this.#cursor(layerOf(locator)).want(ordinalOf(locator), inode.size);
      }
    }
  }

  /** Serves only small contents that were kept. */
  readSync(inode: Inode, target: Uint8Array): boolean {
    if (inode.size > this.#spill.small) return false;
    const slot = this.#takeEarly(inode);
    if (slot === undefined) return false;
    this.#spill.readSync(slot, target);
    this.#spill.free(slot);
    return true;
  }

  async *open(inode: Inode): AsyncGenerator<Uint8Array> {
    if (inode.size === 0) return;
    const locator = inode.locator as Locator;
    const captured = this.#options.captured(locator);
    if (captured !== undefined) return yield* captured;
    const slot = this.#takeEarly(inode);
    if (slot !== undefined) {
      try {
        yield* this.#spill.read(slot);
      } finally {
        this.#spill.free(slot);
      }
      return;
    }
    const layer = layerOf(locator);
    const cursor = this.#cursor(layer);
    try {
      const reader = await cursor.advance(ordinalOf(locator));
      yield* reader.content();
      if (cursor.bytesLeft <= (this.#options.smallRest ?? SMALL_REST)) await cursor.finish();
    } catch (error) {
      throw await explained(error, this.#options.layers[layer] as Layer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cursor of this.#cursors) await cursor?.close();
    this.#spill[Symbol.dispose]();
  }

  #takeEarly(inode: Inode): ByteRange | undefined {
    const locator = inode.locator as Locator;
    const start = this.#cursors[layerOf(locator)]?.takeEarly(ordinalOf(locator));
    return start === undefined ? undefined : { start, length: inode.size };
  }

  #cursor(layer: number): LayerCursor {
    const cursor = this.#cursors[layer];
    if (cursor !== undefined) return cursor;
    const made = new LayerCursor(this.#options.layers[layer] as Layer, this.#options.dialect, this.#spill);
    this.#cursors[layer] = made;
    return made;
  }
}

/** One layer, which is opened for its first content and closed after its last. */
class LayerCursor {
  readonly #wanted = new Bitmap();
  readonly #layer: Layer;
  readonly #dialect: TarDialect;
  readonly #spill: Spool;
  #reader: TarReader | undefined;
  /** Offset in the spool plus one of each kept content, by ordinal; 0 for the others. */
  #early = new Float64Array();
  /** The number of bytes of wanted contents that were not read yet. */
  bytesLeft = 0;

  constructor(layer: Layer, dialect: TarDialect, spill: Spool) {
    this.#layer = layer;
    this.#dialect = dialect;
    this.#spill = spill;
  }

  want(ordinal: number, size: number): void {
    this.#wanted.set(ordinal);
    this.bytesLeft += size;
  }

  /** The offset in the spool of a kept content. It can be taken once. */
  takeEarly(ordinal: number): number | undefined {
    const place = this.#early[ordinal] ?? 0;
    if (place === 0) return undefined;
    this.#early[ordinal] = 0;
    return place - 1;
  }

  /** Reads forward to a member. Earlier contents that are wanted later are kept in the spool. */
  async advance(ordinal: number): Promise<TarReader> {
    if (!this.#wanted.has(ordinal)) {
      throw new TypeError(`member ${ordinal} was not announced, or was read before`);
    }
    return this.#read(ordinal);
  }

  /** Keeps all contents that are still wanted, and closes the layer. */
  async finish(): Promise<void> {
    if (this.#wanted.count > 0) await this.#read(undefined);
    await this.close();
  }

  async close(): Promise<void> {
    await this.#reader?.[Symbol.asyncDispose]();
    this.#reader = undefined;
  }

  /** Reads forward to a member, or until no further content is wanted. */
  async #read(ordinal: number | undefined): Promise<TarReader> {
    this.#reader ??= new TarReader(this.#layer.reopen(), {
      archive: this.#layer.name,
      dialect: this.#dialect,
    });
    for (;;) {
      const member = await this.#reader.next();
      if (member === undefined) {
        throw tarError("E_TAR_TRUNCATED", this.#layer.name, "it has fewer members than in the first reading");
      }
      if (!this.#wanted.clear(member.ordinal)) continue;
      this.bytesLeft -= member.size;
      if (member.ordinal === ordinal) return this.#reader;
      const { start } = await this.#spill.add(this.#reader.content(), member.size);
      this.#early = withRoom(this.#early, member.ordinal + 1);
      this.#early[member.ordinal] = start + 1;
      if (this.#wanted.count === 0 && ordinal === undefined) return this.#reader;
    }
  }
}

/** A set of small numbers: a bit for each. */
class Bitmap {
  #bytes = new Uint8Array(1024);
  count = 0;

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  set(index: number): void {
    if (this.has(index)) return;
    if (index >> 3 >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, (index >> 3) + 1));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (1 << (index & 7));
    this.count++;
  }

  /** True if the number was in the set. */
  clear(index: number): boolean {
    if (!this.has(index)) return false;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~(1 << (index & 7));
    this.count--;
    return true;
  }
}
