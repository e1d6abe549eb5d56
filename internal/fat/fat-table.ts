import type { FatProblem, FatSource } from "./fat-source.ts";
import type { FatLayout } from "./read-boot-sector.ts";

/** More than any boot partition has: a FAT32 volume of 32 GiB with clusters of 4 KiB. */
const MAX_FAT_BYTES = 32 * 1024 * 1024;

/** A run of clusters that belong to one file or directory. */
export interface Chain {
  clusters: number[];
  /** The problem that ends the chain early; undefined for a whole chain. */
  problem: FatProblem | undefined;
}

/**
 * The first FAT in memory, with a mark for each cluster that a chain uses. A cluster with a mark ends a chain, so the
 * number of clusters bounds the work for any table.
 */
export class FatTable {
  readonly #bytes: DataView;
  readonly #layout: FatLayout;
  readonly #used: Uint8Array;

  private constructor(bytes: Uint8Array, layout: FatLayout) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#layout = layout;
    this.#used = new Uint8Array(layout.clusters + 2);
  }

  static async load(
    source: FatSource,
    layout: FatLayout,
  ): Promise<{ table: FatTable | undefined; problems: FatProblem[] }> {
    const { fatOffset, fatBytes } = layout;
    if (fatBytes > MAX_FAT_BYTES) {
      const detail = `has a FAT of ${fatBytes} bytes, more than any boot partition needs`;
      return { table: undefined, problems: [{ code: "fat-size", detail, offset: 22 }] };
    }
    const first = await source.read(fatOffset, fatBytes);
    if (first.length < fatBytes) {
      const detail = "ends within its first FAT";
      return {
        table: undefined,
        problems: [{ code: "fat-truncated", detail, offset: fatOffset + first.length }],
      };
    }
    const table = new FatTable(first, layout);
    const problems: FatProblem[] = [];
    if ((table.entry(0) & 0xff) !== layout.media) {
      problems.push({
        code: "fat-media",
        detail: "has a FAT that does not begin with the media byte",
        offset: fatOffset,
      });
    }
    for (let copy = 1; copy < layout.fatCount; copy++) {
      const offset = fatOffset + copy * fatBytes;
      const difference = firstDifference(first, await source.read(offset, fatBytes));
      if (difference === undefined) continue;
      const detail = `has a FAT ${copy + 1} that differs from the first at byte ${difference}`;
      problems.push({ code: "fat-copies-differ", detail, offset: offset + difference });
      // One report is enough, and a hostile number of FATs must not cause as many reads.
      break;
    }
    return { table, problems };
  }

  /** The FAT's entry for a cluster, without FAT32's four reserved bits. */
  entry(cluster: number): number {
    switch (this.#layout.type) {
      case "FAT12": {
        const at = cluster + (cluster >> 1);
        const pair = this.#bytes.getUint16(at, true);
        return cluster % 2 === 0 ? pair & 0xfff : pair >> 4;
      }
      case "FAT16":
        return this.#bytes.getUint16(cluster * 2, true);
      case "FAT32":
        return this.#bytes.getUint32(cluster * 4, true) & 0x0fffffff;
      default:
        return this.#layout.type satisfies never;
    }
  }

  /** Follows the chain from `first` on and marks its clusters as used. */
  follow(first: number): Chain {
    const clusters: number[] = [];
    for (let cluster = first; ; cluster = this.entry(cluster)) {
      if (cluster >= this.#endMark && clusters.length > 0) return { clusters, problem: undefined };
      const problem = this.#stepProblem(cluster, clusters.at(-1));
      if (problem !== undefined) return { clusters, problem };
      this.#used[cluster] = 1;
      clusters.push(cluster);
    }
  }

  /** How many clusters the FAT marks as used although no followed chain has them. Bad clusters do not count. */
  lostClusters(): { count: number; first: number } {
    let count = 0;
    let first = 0;
    for (let cluster = 2; cluster < this.#layout.clusters + 2; cluster++) {
      const value = this.entry(cluster);
      if (this.#used[cluster] === 1 || value === 0 || value === this.#endMark - 1) continue;
      if (count === 0) first = cluster;
      count++;
    }
    return { count, first };
  }

  /** Offset in the source of a cluster's entry. */
  offsetOf(cluster: number): number {
    const bits = { FAT12: 12, FAT16: 16, FAT32: 32 }[this.#layout.type];
    return this.#layout.fatOffset + Math.floor((cluster * bits) / 8);
  }

  get #endMark(): number {
    return { FAT12: 0xff8, FAT16: 0xfff8, FAT32: 0x0ffffff8 }[this.#layout.type];
  }

  #stepProblem(cluster: number, previous: number | undefined): FatProblem | undefined {
    const where = previous === undefined ? {} : { offset: this.offsetOf(previous) };
    const from = previous === undefined ? "begins at" : `goes from cluster ${previous} to`;
    if (cluster < 2)
      return { code: "chain-free", detail: `${from} cluster ${cluster}, which holds no data`, ...where };
    if (cluster >= this.#layout.clusters + 2) {
      return {
        code: "chain-out-of-range",
        detail: `${from} cluster ${cluster}, which does not exist`,
        ...where,
      };
    }
    if (this.#used[cluster] === 1) {
      return {
        code: "chain-crossed",
        detail: `${from} cluster ${cluster}, which was already used`,
        ...where,
      };
    }
    return undefined;
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const length = Math.min(a.length, b.length);
  if (a.length === b.length && Buffer.compare(a, b) === 0) return undefined;
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return length;
}
