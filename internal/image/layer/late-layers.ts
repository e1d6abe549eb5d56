import { PlatterError } from "../../base/error.ts";
import type { HeldRange } from "../../bytes/byte-range.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { TarDialect, TarMember } from "../../tar/member.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import { explained, type Layer } from "../decompress/layer.ts";
import { LayerDecompressor } from "../decompress/layer-decompressor.ts";
import { memoryForLayers } from "../decompress/memory-budget.ts";
import { copyToUnnamed } from "../decompress/unnamed-copy.ts";
import { type ContentRanges, memberLocator } from "./content-ranges.ts";
import type { LayerTables } from "./layer-tables.ts";

interface LateLayersOptions {
  layers: readonly Layer[];
  tables: LayerTables;
  /** Receives the plain tars and the offsets of contents. */
  ranges: ContentRanges;
  dialect: TarDialect;
  /** Existing directory for a layer that does not fit into memory. */
  work: string;
  /** The most bytes of memory for a decompressed layer. The default is {@link memoryForLayers}. */
  memory?: number | undefined;
  signal: AbortSignal;
}

/** Layers that were merged by their tables. One is read only if a content of it is needed and is nowhere else. */
export class LateLayers {
  readonly #options: LateLayersOptions;
  readonly #opened = new Map<number, Promise<void>>();

  constructor(options: LateLayersOptions) {
    this.#options = options;
  }

  /**
   * Decompresses and checks a layer, and finds its contents.
   * @throws PlatterError `E_CACHE` if its table is of another layer; the errors of reading a layer
   */
  open(index: number): Promise<void> {
    const opening = this.#opened.get(index) ?? this.#open(index);
    this.#opened.set(index, opening);
    return opening;
  }

  async #open(index: number): Promise<void> {
    const { layers, tables, ranges, dialect, signal } = this.#options;
    const layer = layers[index] as Layer;
    tables.noteRead(index);
    try {
      const tar = await this.#plain(layer);
      ranges.add(index, tar);
      const expected = tables.members(index);
      await using reader = new TarReader(new RangeStream(tar, signal), { archive: layer.name, dialect });
      for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
        if (!isSame(expected.next().value, member)) throw foreignTable(layer.name);
        if (member.size > 0 && !member.sparse)
          ranges.put(memberLocator(index, member.ordinal), member.contentOffset);
      }
      if (expected.next().done !== true) throw foreignTable(layer.name);
    } catch (error) {
      throw await explained(error, layer);
    }
  }

  /** The plain tar of a layer with the right digest. */
  async #plain(layer: Layer): Promise<HeldRange> {
    const { work, signal, memory = memoryForLayers() } = this.#options;
    {
      await using decompressor = new LayerDecompressor({ memory, signal });
      const tar = await layer.decompress(decompressor);
      if (tar !== undefined && !(await tar.isRight)) await layer.verify();
      if (tar !== undefined) return tar;
    }
    const file = await copyToUnnamed(layer.open(), { work, name: "layer", path: layer.name });
    return { ...file.whole(), [Symbol.dispose]: () => file[Symbol.dispose]() };
  }
}

function isSame(known: TarMember | undefined, member: TarMember): boolean {
  return known?.path === member.path && known.size === member.size && known.sparse === member.sparse;
}

function foreignTable(layer: string): PlatterError {
  return new PlatterError({
    code: "E_CACHE",
    kind: "machine",
    message: `Cannot use the cache: it has a table of ${layer} that does not belong to it`,
    hint: "Remove the cache, or build without --cache.",
  });
}
