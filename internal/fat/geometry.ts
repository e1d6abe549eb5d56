/**
 * The layout of a FAT16 volume (Microsoft "FAT: General Overview of On-Disk Format" 1.03, "Boot Sector and BPB", "FAT
 * Type Determination", "FAT Volume Initialization").
 */
import { PlatterError } from "../base/error.ts";
import { ENTRY_SIZE } from "./directory-entry.ts";

export const SECTOR_SIZE = 512;
/** A FAT16 volume has exactly one sector before its first FAT. */
export const RESERVED_SECTORS = 1;
export const FAT_COUNT = 2;

/** From 4085 clusters on a volume is FAT16; the specification advises a distance of 16 from this limit. */
const MIN_CLUSTERS = 4085 + 16;
/** From 65525 clusters on a volume is FAT32; the same distance applies. */
const MAX_CLUSTERS = 65524 - 16;
const CLUSTER_SECTORS = [1, 2, 4, 8, 16, 32, 64] as const;
/** Every reader expects this many entries in the root of a FAT16 volume. It has more only for more files. */
const USUAL_ROOT_ENTRIES = 512;
/** An ISO is laid out in blocks of 2048 bytes. */
const SECTORS_PER_ISO_BLOCK = 4;

export interface FatGeometry {
  sectorsPerCluster: number;
  clusters: number;
  fatSectors: number;
  rootEntries: number;
  totalSectors: number;
  /** First sector of the root directory. */
  rootSector: number;
  /** First sector of cluster 2. */
  dataSector: number;
}

interface FatDemand {
  /** Bytes of the root directory's entries. */
  rootBytes: number;
  /** Length in bytes of every subdirectory and file. */
  lengths: readonly number[];
  minimumFreeBytes: number;
}

/**
 * The smallest FAT16 volume for these files, with the smallest possible clusters.
 * @throws PlatterError `E_FAT_TOO_LARGE` if even clusters of 32 KiB do not suffice (2 GiB).
 */
export function chooseGeometry(demand: FatDemand): FatGeometry {
  for (const sectorsPerCluster of CLUSTER_SECTORS) {
    const clusterBytes = sectorsPerCluster * SECTOR_SIZE;
    let needed = Math.ceil(demand.minimumFreeBytes / clusterBytes);
    for (const length of demand.lengths) needed += Math.ceil(length / clusterBytes);
    if (needed <= MAX_CLUSTERS)
      return layOut(sectorsPerCluster, Math.max(needed, MIN_CLUSTERS), demand.rootBytes);
  }
  const total = demand.lengths.reduce((sum, length) => sum + length, 0);
  throw new PlatterError({
    code: "E_FAT_TOO_LARGE",
    kind: "contract",
    message: `Cannot put ${total} bytes into an EFI system partition: FAT16 ends at 2 GiB`,
    hint: "Remove files from the EFI directory that the firmware does not need.",
  });
}

function layOut(sectorsPerCluster: number, minimumClusters: number, rootBytes: number): FatGeometry {
  const entriesPerSector = SECTOR_SIZE / ENTRY_SIZE;
  const usedRootEntries = Math.ceil(rootBytes / ENTRY_SIZE / entriesPerSector) * entriesPerSector;
  const rootEntries = Math.max(USUAL_ROOT_ENTRIES, usedRootEntries);
  for (let fatSectors = sectorsOfFat(minimumClusters); ; fatSectors++) {
    const rootSector = RESERVED_SECTORS + FAT_COUNT * fatSectors;
    const dataSector = rootSector + (rootEntries * ENTRY_SIZE) / SECTOR_SIZE;
    const endSector = dataSector + minimumClusters * sectorsPerCluster;
    const totalSectors = Math.ceil(endSector / SECTORS_PER_ISO_BLOCK) * SECTORS_PER_ISO_BLOCK;
    const clusters = Math.floor((totalSectors - dataSector) / sectorsPerCluster);
    if (sectorsOfFat(clusters) > fatSectors) continue;
    return { sectorsPerCluster, clusters, fatSectors, rootEntries, totalSectors, rootSector, dataSector };
  }
}

/** Each cluster has 2 bytes in the FAT, and the first two entries do not belong to a cluster. */
function sectorsOfFat(clusters: number): number {
  return Math.ceil(((clusters + 2) * 2) / SECTOR_SIZE);
}
