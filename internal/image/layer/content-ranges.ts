import type { FileRange, HeldRange } from "../../bytes/byte-range.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { Locator } from "../image-tree.ts";

/** The locator of a file in a layer: layer and ordinal of the tar member in one number, which costs no object. */
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
  /** Bytes before each content in the tar, by the member's ordinal; 0 for what is not there as a whole. */
  offsets: Float64Array<ArrayBuffer>;
}

/** Where contents lie that can be read in any order, since their layer's plain tar is in a file. */
export class ContentRanges implements Disposable {
  readonly #layers: (PlacedLayer | undefined)[] = [];

  /** Takes over a layer's plain tar. */
  add(layer: number, tar: HeldRange): void {
    this.#layers[layer] = { tar, offsets: new Float64Array(1024) };
  }

  tarOf(layer: number): FileRange | undefined {
    return this.#layers[layer]?.tar;
  }

  /** Tells where a content begins in its layer's tar, which was added. */
  put(locator: Locator, offset: number): void {
    const layer = this.#layers[layerOf(locator)] as PlacedLayer;
    const ordinal = ordinalOf(locator);
    layer.offsets = withRoom(layer.offsets, ordinal + 1);
    layer.offsets[ordinal] = offset;
  }

  has(locator: Locator): boolean {
    return (this.#layers[layerOf(locator)]?.offsets[ordinalOf(locator)] ?? 0) > 0;
  }

  /** The place of a content that is `length` bytes long. */
  of(locator: Locator, length: number): FileRange | undefined {
    if (!this.has(locator)) return undefined;
    const { tar, offsets } = this.#layers[layerOf(locator)] as PlacedLayer;
    return { file: tar.file, start: tar.start + (offsets[ordinalOf(locator)] as number), length };
  }

  [Symbol.dispose](): void {
    for (const layer of this.#layers.splice(0)) layer?.tar[Symbol.dispose]();
  }
}
