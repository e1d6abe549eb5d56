/** Reads FAT12, FAT16 and FAT32 from an untrusted source. For any bytes, reading ends and returns the problems. */
import { counted } from "../text/counted.ts";
import type { FatProblem, FatSource, FatStructure } from "./fat-source.ts";
import { FatTable } from "./fat-table.ts";
import { type FatEntry, MAX_PROBLEMS, TreeWalk } from "./fat-walk.ts";
import { bootSectorStructures, type FatLayout, readBootSector } from "./read-boot-sector.ts";
import { readClusters } from "./read-clusters.ts";

export interface FatVolume {
  layout: FatLayout;
  /** The label from the root directory. */
  label: string | undefined;
  /** Depth first, in the order of the directories. */
  entries: readonly FatEntry[];
}

interface FatReading {
  /** Undefined if the volume cannot be read; the problems give the reason. */
  volume: FatVolume | undefined;
  problems: FatProblem[];
  structures: FatStructure[];
}

/** Reads the whole tree, and follows every chain. */
export async function readFat(source: FatSource): Promise<FatReading> {
  const { layout, problems } = readBootSector(await source.read(0, 512), source.size);
  if (layout === undefined) return { volume: undefined, problems, structures: [] };
  const loaded = await FatTable.load(source, layout);
  problems.push(...loaded.problems);
  if (loaded.table === undefined) return { volume: undefined, problems, structures: [] };
  const walk = new TreeWalk(source, { layout, table: loaded.table });
  await walk.run();
  problems.push(...walk.problems);
  if (layout.label !== undefined && layout.label !== "NO NAME" && layout.label !== (walk.label ?? "")) {
    const detail = `has the label \`${layout.label}\` in its boot sector and \`${walk.label ?? ""}\` in its root`;
    problems.push({ code: "labels-differ", detail, offset: layout.type === "FAT32" ? 71 : 43 });
  }
  const lost = loaded.table.lostClusters();
  if (lost.count > 0) {
    const detail = `has ${counted(lost.count, "cluster")} without a file, from ${lost.first} on, marked as taken`;
    problems.push({ code: "clusters-lost", detail, offset: loaded.table.offsetOf(lost.first) });
  }
  const subdirectories = walk.entries.filter((entry) => entry.kind === "directory").length;
  return {
    volume: { layout, label: walk.label, entries: walk.entries },
    problems: problems.slice(0, MAX_PROBLEMS),
    structures: [...bootSectorStructures(layout, { subdirectories }), ...walk.structures],
  };
}

/** The content of a file, or a part of it. It is shorter than asked for if the volume is damaged. */
export async function readFatFile(
  source: FatSource,
  volume: FatVolume,
  { entry, offset, length }: { entry: FatEntry; offset?: number; length?: number },
): Promise<Uint8Array> {
  const start = Math.min(offset ?? 0, entry.size);
  const end = Math.min(entry.size, start + (length ?? entry.size));
  return readClusters(source, volume.layout, { clusters: entry.clusters, start, end });
}
