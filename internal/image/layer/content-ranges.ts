import type { FileRange, HeldRange } from "../../bytes/byte-range.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { Locator } from "../image-tree.ts";

/** The locator of a file in a layer: layer and ordinal of the tar member in one number, to avoid an object. */
export function memberLocator(layer: number, ordinal: number): Locator {
  return (layer * 2 ** 32 + ordinal) as Locator;
}

export function layerOf(locator: Locator): number {
  return Math.floor(locator / 2 ** 32);
}

export function ordinalOf(locator: Locator): number {
  return locator % 2 ** 32;
}

interface PlacedLayer {
  tar: HeldRange;
  /** Offset of each content in the tar, by the member's ordinal; 0 for a content that is not stored contiguously. */
  offsets: Float64Array<ArrayBuffer>;
}

/** The ranges of contents that can be read in any order, since their layer's plain tar is in a file. */
export class ContentRanges implements Disposable {
  readonly #layers: (PlacedLayer | undefined)[] = [];

  /** Takes over a layer's plain tar. */
  add(layer: number, tar: HeldRange): void {
    this.#layers[layer] = { tar, offsets: new Float64Array(1024) };
  }

  tarOf(layer: number): FileRange | undefined {
    return this.#layers[layer]?.tar;
  }

  /** Records the offset of a content in its layer's tar, which was added before. */
  put(locator: Locator, offset: number): void {
    const layer = this.#layers[layerOf(locator)] as PlacedLayer;
    const ordinal = ordinalOf(locator);
    layer.offsets = withRoom(layer.offsets, ordinal + 1);
    layer.offsets[ordinal] = offset;
  }

  has(locator: Locator): boolean {
    return (this.#layers[layerOf(locator)]?.offsets[ordinalOf(locator)] ?? 0) > 0;
  }

  /** The range of a content of `length` bytes. */
  of(locator: Locator, length: number): FileRange | undefined {
    if (!this.has(locator)) return undefined;
    const { tar, offsets } = this.#layers[layerOf(locator)] as PlacedLayer;
    return { file: tar.file, start: tar.start + (offsets[ordinalOf(locator)] as number), length };
  }

  [Symbol.dispose](): void {
    for (const layer of this.#layers.splice(0)) layer?.tar[Symbol.dispose]();
  }
}
