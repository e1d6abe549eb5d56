import { throwIfAborted } from "../../base/interrupt.ts";
import { type FileRange, type HeldRange, lent } from "../../bytes/byte-range.ts";
import { readAtSync } from "../../bytes/chunk.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { TarDialect } from "../../tar/member.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import type { Layer } from "../decompress/layer.ts";
import { memoryForLayers } from "../decompress/memory-budget.ts";
import type { Content, ImageSource, ImageTree, Inode, Locator, SequentialReader } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import type { TableNode } from "../table/table-node.ts";
import { type ContentRanges, layerOf, ordinalOf } from "./content-ranges.ts";
import { keptLayers } from "./kept-layers.ts";
import { LateLayers } from "./late-layers.ts";
import { LayerReader } from "./layer-reader.ts";
import { type LayerScan, scanLayers } from "./layer-scan.ts";
import { LayerTables } from "./layer-tables.ts";
import { Spool } from "./spool.ts";

interface LayeredTreeOptions extends Omit<OpenOptions, "architecture" | "runTool" | "reporter"> {
  source: ImageSource;
  /** Lowest first. */
  layers: readonly Layer[];
  dialect: TarDialect;
  /** The source of the layers, which is disposed with the tree, or if the tree cannot be opened. */
  resources?: Disposable | undefined;
}

/** The tree of an image that consists of tar layers. Reads every layer once. */
export async function openLayeredTree(options: LayeredTreeOptions): Promise<ImageTree> {
  const spool = new Spool({ directory: options.work, name: "captured", signal: options.signal });
  try {
    const memory = options.memory ?? memoryForLayers();
    const tables = options.layerStore && new LayerTables(options.layers, options.layerStore);
    const scan = await scanLayers(options.layers, { ...options, memory, spool, tables });
    // Layers do not have a time for the root.
    if (options.dialect === "layer") scan.root.inode.mtime = options.source.created ?? 0;
    const tree = new LayeredTree(options, spool, { ...scan, tables });
    if (tables !== undefined) {
      const content = (inode: Inode) => tree.content(inode);
      options.layerStore?.opened(keptLayers(tables, { inodes: tree.root.table.inodes, content }));
    }
    return tree;
  } catch (error) {
    spool[Symbol.dispose]();
    options.resources?.[Symbol.dispose]();
    throw error;
  }
}

class LayeredTree implements ImageTree {
  readonly source: ImageSource;
  readonly root: TableNode;
  readonly hostPath = undefined;
  readonly #options: LayeredTreeOptions;
  readonly #layers: readonly Layer[];
  readonly #tables: LayerTables | undefined;
  readonly #late: LateLayers | undefined;
  readonly #spool: Spool;
  readonly #captured: LayerScan["captured"];
  readonly #ranges: ContentRanges;
  /** Host files with captured contents, by locator. */
  readonly #saved = new Map<Locator, string>();
  /** The number of current readers of each captured content in the spool, by locator. */
  readonly #readers = new Map<Locator, number>();

  constructor(
    options: LayeredTreeOptions,
    spool: Spool,
    scan: LayerScan & { tables: LayerTables | undefined },
  ) {
    this.source = options.source;
    this.root = scan.root;
    this.#options = options;
    const { ranges, tables } = scan;
    this.#layers = options.layers.map((layer, index) => ({
      ...layer,
      reopen: () => {
        const tar = ranges.tarOf(index);
        return tar === undefined ? layer.reopen() : this.#bytesAt(tar);
      },
    }));
    this.#tables = tables;
    this.#late = tables && new LateLayers({ ...options, tables, ranges });
    this.#spool = spool;
    this.#captured = scan.captured;
    this.#ranges = ranges;
  }

  read(inode: Inode): AsyncGenerator<Uint8Array> {
    this.#tables?.noteNeeded(inode);
    return this.content(inode);
  }

  /** Like {@link read}, for a content that the plan does not need. */
  async *content(inode: Inode): AsyncGenerator<Uint8Array> {
    if (inode.type !== "file") throw new TypeError(`a ${inode.type} has no content`);
    if (inode.size === 0) return;
    const locator = inode.locator as Locator;
    const captured = this.#capturedContent(locator);
    if (captured !== undefined) return yield* captured;
    const range = this.#rangeOf(inode);
    if (range !== undefined) return yield* this.#bytesAt(range);
    if (!this.#isLate(inode)) return yield* this.#inLayer(locator);
    let done = 0;
    for (const block of this.#tables?.blocks(inode) ?? []) {
      throwIfAborted(this.#options.signal, "the reading of the image");
      done += block.length;
      yield block;
    }
    if (done === inode.size) return;
    await this.#late?.open(layerOf(locator));
    const late = this.#rangeOf(inode);
    yield* withoutStart(late === undefined ? this.#inLayer(locator) : this.#bytesAt(late), done);
  }

  /** A content that is found by reading its layer. */
  async *#inLayer(locator: Locator): AsyncGenerator<Uint8Array> {
    const layer = this.#layers[layerOf(locator)] as Layer;
    const { dialect } = this.#options;
    await using reader = new TarReader(layer.reopen(), { archive: layer.name, dialect });
    for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
      if (member.ordinal === ordinalOf(locator)) return yield* reader.content();
    }
  }

  held(inode: Inode): HeldRange | undefined {
    this.#tables?.noteNeeded(inode);
    return this.#held(inode);
  }

  #held(inode: Inode): HeldRange | undefined {
    const range = this.#rangeOf(inode);
    // The file stays open as long as the tree.
    return range && lent(range);
  }

  layerOf({ locator }: Inode): number | undefined {
    return locator === undefined ? undefined : layerOf(locator);
  }

  async sequentialReader(wanted: Iterable<Inode>): Promise<SequentialReader> {
    const { dialect, work, signal } = this.#options;
    const layers = this.#layers;
    const captured = (locator: Locator) => this.#capturedContent(locator);
    const rangeOf = (inode: Inode) => this.#rangeOf(inode);
    const isLate = (inode: Inode) => this.#isLate(inode);
    function* others(): Generator<Inode> {
      for (const inode of wanted) if (rangeOf(inode) === undefined && !isLate(inode)) yield inode;
    }
    const reader = new LayerReader(others(), { layers, dialect, work, signal, captured });
    return {
      open: (inode) => {
        const range = rangeOf(inode);
        if (range !== undefined) return this.#bytesAt(range);
        return isLate(inode) ? this.content(inode) : reader.open(inode);
      },
      readSync: (inode, target) => {
        const range = rangeOf(inode);
        if (range === undefined && !isLate(inode)) return reader.readSync(inode, target);
        throwIfAborted(signal, "the reading of the image");
        if (range === undefined) return this.#tables?.readSync(inode, target) === true;
        readAtSync(range.file, { target, at: range.start });
        return true;
      },
      held: (inode) => this.#held(inode),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  }

  /** Whether a content is in a layer that was not read when the image was opened. */
  #isLate({ locator }: Inode): boolean {
    return locator !== undefined && this.#tables?.isKnown(layerOf(locator)) === true;
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

/** A content without its first bytes. */
async function* withoutStart(content: Content, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of content) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function* contentOf(hostFile: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  using file = OpenFile.open(hostFile);
  yield* new RangeStream(file.whole(), signal);
}
