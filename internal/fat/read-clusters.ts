import type { FatSource } from "./fat-source.ts";
import type { FatLayout } from "./read-boot-sector.ts";

/** Bytes `start` to `end` of the clusters' content. Adjacent clusters are read together. */
export async function readClusters(
  source: FatSource,
  layout: FatLayout,
  { clusters, start, end }: { clusters: readonly number[]; start: number; end: number },
): Promise<Uint8Array> {
  const { clusterBytes } = layout;
  const available = Math.max(start, Math.min(end, clusters.length * clusterBytes));
  const firstRun = Math.floor(start / clusterBytes);
  if (available > start && isRun(clusters, { from: firstRun, to: Math.ceil(available / clusterBytes) })) {
    const offset = clusterOffset(layout, clusters[firstRun]!) + (start % clusterBytes);
    return source.read(offset, available - start);
  }
  const bytes = new Uint8Array(available - start);
  let at = start;
  while (at < available) {
    const index = Math.floor(at / clusterBytes);
    let run = 1;
    while (clusters[index + run] === clusters[index]! + run) run++;
    const length = Math.min(available, (index + run) * clusterBytes) - at;
    const piece = await source.read(clusterOffset(layout, clusters[index]!) + (at % clusterBytes), length);
    bytes.set(piece, at - start);
    at += piece.length;
    if (piece.length < length) return bytes.subarray(0, at - start);
  }
  return bytes;
}

function isRun(clusters: readonly number[], { from, to }: { from: number; to: number }): boolean {
  for (let index = from + 1; index < to; index++)
    if (clusters[index] !== clusters[index - 1]! + 1) return false;
  return true;
}

/** Offset in the source of a cluster ("FirstSectorofCluster"). */
export function clusterOffset(layout: FatLayout, cluster: number): number {
  return layout.dataOffset + (cluster - 2) * layout.clusterBytes;
}
