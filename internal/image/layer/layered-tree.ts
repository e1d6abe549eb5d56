import { throwIfAborted } from "../../base/interrupt.ts";
import type { BytePath } from "../../bytes/byte-path.ts";
import { type FileRange, type HeldRange, lent } from "../../bytes/byte-range.ts";
import { readAtSync } from "../../bytes/chunk.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { TarDialect } from "../../tar/member.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import type { Layer } from "../decompress/layer.ts";
import { memoryForLayers } from "../decompress/memory-budget.ts";
import type {
  Content,
  ImageSource,
  ImageTree,
  Inode,
  Locator,
  SequentialReader,
  TreeNode,
} from "../image-tree.ts";
import { type ContentRanges, layerOf, ordinalOf } from "./content-ranges.ts";
import { LayerReader } from "./layer-reader.ts";
import { type LayerScan, scanLayers } from "./layer-scan.ts";
import { Spool } from "./spool.ts";

interface LayeredTreeOptions {
  source: ImageSource;
  /** Lowest first. */
  layers: readonly Layer[];
  dialect: TarDialect;
  /** Existing directory for contents that are kept. */
  work: string;
  /** Whether `read` may be called for a path, so that a second pass is not needed. */
  capture: (path: BytePath) => boolean;
  signal: AbortSignal;
  /** The most bytes of memory for decompressed layers. The default is {@link memoryForLayers}. */
  memory?: number | undefined;
  /** The source of the layers, which is disposed with the tree, or if the tree cannot be opened. */
  resources?: Disposable | undefined;
}

/** The tree of an image that consists of tar layers. Reads every layer once. */
export async function openLayeredTree(options: LayeredTreeOptions): Promise<ImageTree> {
  const spool = new Spool({ directory: options.work, name: "captured", signal: options.signal });
  try {
    const memory = options.memory ?? memoryForLayers();
    const scan = await scanLayers(options.layers, { ...options, memory, spool });
    // Layers do not have a time for the root.
    if (options.dialect === "layer") scan.root.inode.mtime = options.source.created ?? 0;
    return new LayeredTree(options, spool, scan);
  } catch (error) {
    spool[Symbol.dispose]();
    options.resources?.[Symbol.dispose]();
    throw error;
  }
}

class LayeredTree implements ImageTree {
  readonly source: ImageSource;
  readonly root: TreeNode;
  readonly hostPath = undefined;
  readonly #options: LayeredTreeOptions;
  readonly #layers: readonly Layer[];
  readonly #spool: Spool;
  readonly #captured: LayerScan["captured"];
  readonly #ranges: ContentRanges;
  /** Host files with captured contents, by locator. */
  readonly #saved = new Map<Locator, string>();
  /** The number of current readers of each captured content in the spool, by locator. */
  readonly #readers = new Map<Locator, number>();

  constructor(options: LayeredTreeOptions, spool: Spool, scan: LayerScan) {
    this.source = options.source;
    this.root = scan.root;
    this.#options = options;
    this.#layers = options.layers.map((layer, index) => {
      const tar = scan.ranges.tarOf(index);
      return tar === undefined ? layer : { ...layer, reopen: () => this.#bytesAt(tar) };
    });
    this.#spool = spool;
    this.#captured = scan.captured;
    this.#ranges = scan.ranges;
  }

  async *read(inode: Inode): AsyncGenerator<Uint8Array> {
    if (inode.type !== "file") throw new TypeError(`a ${inode.type} has no content`);
    if (inode.size === 0) return;
    const locator = inode.locator as Locator;
    const captured = this.#capturedContent(locator);
    if (captured !== undefined) return yield* captured;
    const range = this.#rangeOf(inode);
    if (range !== undefined) return yield* this.#bytesAt(range);
    const layer = this.#layers[layerOf(locator)] as Layer;
    const { dialect } = this.#options;
    await using reader = new TarReader(layer.reopen(), { archive: layer.name, dialect });
    for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
      if (member.ordinal === ordinalOf(locator)) return yield* reader.content();
    }
  }

  held(inode: Inode): HeldRange | undefined {
    const range = this.#rangeOf(inode);
    // The file stays open as long as the tree.
    return range && lent(range);
  }

  async sequentialReader(wanted: Iterable<Inode>): Promise<SequentialReader> {
    const { dialect, work, signal } = this.#options;
    const layers = this.#layers;
    const captured = (locator: Locator) => this.#capturedContent(locator);
    const rangeOf = (inode: Inode) => this.#rangeOf(inode);
    function* others(): Generator<Inode> {
      for (const inode of wanted) if (rangeOf(inode) === undefined) yield inode;
    }
    const reader = new LayerReader(others(), { layers, dialect, work, signal, captured });
    return {
      open: (inode) => {
        const range = rangeOf(inode);
        return range === undefined ? reader.open(inode) : this.#bytesAt(range);
      },
      readSync(inode, target) {
        const range = rangeOf(inode);
        if (range === undefined) return reader.readSync(inode, target);
        throwIfAborted(signal, "the reading of the image");
        readAtSync(range.file, { target, at: range.start });
        return true;
      },
      held: (inode) => this.held(inode),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  }

  #rangeOf(inode: Inode): FileRange | undefined {
    if (inode.type !== "file" || inode.size === 0) return undefined;
    return this.#ranges.of(inode.locator as Locator, inode.size);
  }

  #bytesAt(range: FileRange): RangeStream {
    return new RangeStream(range, this.#options.signal);
  }

  isSavedAt(inode: Inode, hostFile: string): void {
    const locator = inode.locator as Locator;
    if (!this.#captured.has(locator) || this.#saved.has(locator)) return;
    this.#saved.set(locator, hostFile);
    this.#release(locator);
  }

  #capturedContent(locator: Locator): Content | undefined {
    return this.#captured.has(locator) || this.#saved.has(locator) ? this.#readCaptured(locator) : undefined;
  }

  /** Looked up at the start of reading, since the content may have been saved after the call. */
  async *#readCaptured(locator: Locator): AsyncGenerator<Uint8Array> {
    const hostFile = this.#saved.get(locator);
    if (hostFile !== undefined) return yield* contentOf(hostFile, this.#options.signal);
    const readers = (change: number) => {
      this.#readers.set(locator, (this.#readers.get(locator) ?? 0) + change);
    };
    readers(1);
    try {
      yield* this.#spool.read(this.#captured.get(locator)!);
    } finally {
      readers(-1);
      this.#release(locator);
    }
  }

  /** Frees a content that is saved elsewhere and does not have a reader. */
  #release(locator: Locator): void {
    const slot = this.#captured.get(locator);
    if (slot === undefined || !this.#saved.has(locator) || this.#readers.get(locator)) return;
    this.#captured.delete(locator);
    this.#spool.free(slot);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#spool[Symbol.dispose]();
    this.#ranges[Symbol.dispose]();
    this.#options.resources?.[Symbol.dispose]();
  }
}

async function* contentOf(hostFile: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  using file = OpenFile.open(hostFile);
  yield* new RangeStream(file.whole(), signal);
}
