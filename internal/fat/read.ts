/** FAT12, FAT16 and FAT32, read-only and with distrust: whatever the bytes are, reading ends and says what is wrong. */
import type { FatProblem, FatSource } from "./fat-source.ts";
import { FatTable } from "./fat-table.ts";
import { type FatLayout, readBootSector } from "./read-boot-sector.ts";
import { type DirectoryEntry, decodeDirectory } from "./read-directory.ts";

export interface FatEntry {
  /** Components separated by `/`, long names where there are any. */
  path: string;
  kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  size: number;
  /** The clusters that hold the content, in order. */
  clusters: readonly number[];
  /** Byte in the source where its short directory entry lies. */
  offset: number;
}

export interface FatVolume {
  layout: FatLayout;
  /** The label from the root directory. */
  label: string | undefined;
  /** Depth first, in the order in which the directories have them. */
  entries: FatEntry[];
}

const MAX_DEPTH = 64;
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 65536 * 32;
const MAX_PROBLEMS = 100;

/** The whole tree with every chain followed. Without a volume, the problems say why. */
export async function readFat(
  source: FatSource,
): Promise<{ volume: FatVolume | undefined; problems: FatProblem[] }> {
  const { layout, problems } = readBootSector(await source.read(0, 512), source.size);
  if (layout === undefined) return { volume: undefined, problems };
  const loaded = await FatTable.load(source, layout);
  problems.push(...loaded.problems);
  if (loaded.table === undefined) return { volume: undefined, problems };
  const volume = await new TreeWalk(source, layout, loaded.table, problems).run();
  if (layout.label !== undefined && layout.label !== "NO NAME" && layout.label !== (volume.label ?? "")) {
    const detail = `has the label \`${layout.label}\` in its boot sector and \`${volume.label ?? ""}\` in its root`;
    problems.push({ code: "labels-differ", detail, offset: layout.type === "FAT32" ? 71 : 43 });
  }
  const lost = loaded.table.lostClusters();
  if (lost.count > 0) {
    const detail = `has ${lost.count} clusters, from ${lost.first} on, that are taken but belong to no file`;
    problems.push({ code: "clusters-lost", detail, offset: loaded.table.offsetOf(lost.first) });
  }
  return { volume, problems: problems.slice(0, MAX_PROBLEMS) };
}

/** The content of a file, or a part of it; shorter than asked for where the volume is damaged. */
export async function readFatFile(
  source: FatSource,
  volume: FatVolume,
  entry: FatEntry,
  range: { offset?: number; length?: number } = {},
): Promise<Uint8Array> {
  const start = Math.min(range.offset ?? 0, entry.size);
  const end = Math.min(entry.size, start + (range.length ?? entry.size));
  return readClusters(source, volume.layout, { clusters: entry.clusters, start, end });
}

class TreeWalk {
  readonly #entries: FatEntry[] = [];
  #label: string | undefined;

  constructor(
    readonly source: FatSource,
    readonly layout: FatLayout,
    readonly table: FatTable,
    readonly problems: FatProblem[],
  ) {}

  async run(): Promise<FatVolume> {
    const { layout } = this;
    if (layout.type === "FAT32") {
      await this.#visitChain("", { clusters: this.#chain("/", layout.rootCluster), depth: 0 });
    } else {
      const bytes = await this.source.read(layout.rootOffset, layout.rootBytes);
      if (bytes.length < layout.rootBytes)
        this.#note("root-truncated", "ends within its root directory", layout.rootOffset);
      await this.#visit("", { bytes, depth: 0, offsetOf: (at) => layout.rootOffset + at });
    }
    return { layout, label: this.#label, entries: this.#entries };
  }

  async #visitChain(
    path: string,
    { clusters, depth }: { clusters: readonly number[]; depth: number },
  ): Promise<void> {
    const { layout } = this;
    const length = clusters.length * layout.clusterBytes;
    const end = Math.min(length, MAX_DIRECTORY_BYTES);
    const bytes = await readClusters(this.source, layout, { clusters, start: 0, end });
    if (bytes.length < end) this.#note("directory-truncated", `ends within the directory \`/${path}\``);
    const offsetOf = (at: number) =>
      clusterOffset(layout, clusters[Math.floor(at / layout.clusterBytes)] ?? 2) + (at % layout.clusterBytes);
    await this.#visit(path, { bytes, depth, offsetOf });
  }

  async #visit(
    path: string,
    directory: { bytes: Uint8Array; depth: number; offsetOf: (at: number) => number },
  ): Promise<void> {
    const { entries, problems } = decodeDirectory(directory.bytes);
    for (const { code, detail, offset } of problems) {
      this.#note(code, `${detail} (in \`/${path}\`)`, directory.offsetOf(offset ?? 0));
    }
    for (const entry of entries) {
      if (this.#entries.length >= MAX_ENTRIES)
        return this.#note("too-many-entries", `has over ${MAX_ENTRIES} files`);
      const offset = directory.offsetOf(entry.at);
      if (entry.kind === "label") this.#takeLabel(entry, directory.depth);
      if (entry.kind === "label") continue;
      const childPath = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.kind === "file") this.#takeFile(childPath, entry, offset);
      if (entry.kind === "directory")
        await this.#takeDirectory(childPath, { entry, offset, depth: directory.depth + 1 });
    }
  }

  #takeLabel(entry: DirectoryEntry, depth: number): void {
    if (depth === 0) this.#label ??= entry.name;
  }

  #takeFile(path: string, entry: DirectoryEntry, offset: number): void {
    const clusters = entry.cluster === 0 ? [] : this.#chain(`/${path}`, entry.cluster, offset);
    const needed = Math.ceil(entry.size / this.layout.clusterBytes);
    if (clusters.length !== needed) {
      const detail = `has ${clusters.length} clusters for \`/${path}\`, whose ${entry.size} bytes need ${needed}`;
      this.#note("file-size", detail, offset + 28);
    }
    const last = clusters.at(-1);
    if (
      last !== undefined &&
      clusterOffset(this.layout, last) + this.layout.clusterBytes > this.source.size
    ) {
      this.#note("file-truncated", `ends within \`/${path}\``, this.source.size);
    }
    this.#entries.push({ path, kind: "file", size: entry.size, clusters, offset });
  }

  async #takeDirectory(
    path: string,
    { entry, offset, depth }: { entry: DirectoryEntry; offset: number; depth: number },
  ): Promise<void> {
    const clusters = this.#chain(`/${path}`, entry.cluster, offset);
    this.#entries.push({ path, kind: "directory", size: 0, clusters, offset });
    if (depth > MAX_DEPTH)
      return this.#note("too-deep", `has directories nested over ${MAX_DEPTH} deep`, offset);
    if (clusters.length > 0) await this.#visitChain(path, { clusters, depth });
  }

  #chain(path: string, first: number, offset?: number): readonly number[] {
    const chain = this.table.follow(first);
    if (chain.problem !== undefined) {
      const { code, detail } = chain.problem;
      this.#note(code, `has a chain for \`${path}\` that ${detail}`, chain.problem.offset ?? offset);
    }
    return chain.clusters;
  }

  #note(code: string, detail: string, offset?: number): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    this.problems.push(offset === undefined ? { code, detail } : { code, detail, offset });
  }
}

/** Bytes `start` to `end` of what the clusters hold; neighbours are read in one piece. */
async function readClusters(
  source: FatSource,
  layout: FatLayout,
  { clusters, start, end }: { clusters: readonly number[]; start: number; end: number },
): Promise<Uint8Array> {
  const { clusterBytes } = layout;
  const available = Math.max(start, Math.min(end, clusters.length * clusterBytes));
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

/** Byte in the source where a cluster begins ("FirstSectorofCluster"). */
export function clusterOffset(layout: FatLayout, cluster: number): number {
  return layout.dataOffset + (cluster - 2) * layout.clusterBytes;
}
