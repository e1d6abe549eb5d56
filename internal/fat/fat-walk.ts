import { counted } from "../text/counted.ts";
import type { FatProblem, FatSource, FatStructure } from "./fat-source.ts";
import type { FatTable } from "./fat-table.ts";
import type { FatLayout } from "./read-boot-sector.ts";
import { clusterOffset, readClusters } from "./read-clusters.ts";
import { type DirectoryEntry, decodeDirectory } from "./read-directory.ts";

export interface FatEntry {
  /** Components separated by `/`, with long names if there are any. */
  path: string;
  kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  size: number;
  /** The clusters that hold the content, in order. */
  clusters: readonly number[];
  /** Offset in the source of its short directory entry. */
  offset: number;
}

/** More problems would not help a reader. */
export const MAX_PROBLEMS = 100;
const MAX_DEPTH = 64;
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 65536 * 32;

interface Directory {
  path: string;
  depth: number;
  /** First cluster, and the parent's, as `.` and `..` should have them; 0 for the root. */
  self: number;
  parent: number;
}

/** Goes through all directories of a volume. Its work is bounded, since {@link FatTable} follows no cluster twice. */
export class TreeWalk {
  readonly entries: FatEntry[] = [];
  readonly problems: FatProblem[] = [];
  readonly structures: FatStructure[] = [];
  label: string | undefined;
  readonly #source: FatSource;
  readonly #layout: FatLayout;
  readonly #table: FatTable;

  constructor(source: FatSource, volume: { layout: FatLayout; table: FatTable }) {
    this.#source = source;
    this.#layout = volume.layout;
    this.#table = volume.table;
  }

  async run(): Promise<void> {
    const { rootOffset, rootBytes, rootCluster, type } = this.#layout;
    const root: Directory = { path: "", depth: 0, self: 0, parent: 0 };
    if (type === "FAT32") {
      await this.#visitChain(root, this.#chain("/", { first: rootCluster, offset: 44 }));
      return;
    }
    const bytes = await this.#source.read(rootOffset, rootBytes);
    if (bytes.length < rootBytes) {
      this.#note({ code: "root-truncated", detail: "ends within its root directory", offset: rootOffset });
    }
    await this.#visit(root, { bytes, offsetOf: (at) => rootOffset + at });
  }

  async #visitChain(directory: Directory, clusters: readonly number[]): Promise<void> {
    const layout = this.#layout;
    const end = Math.min(clusters.length * layout.clusterBytes, MAX_DIRECTORY_BYTES);
    const bytes = await readClusters(this.#source, layout, { clusters, start: 0, end });
    if (bytes.length < end) {
      this.#note({ code: "directory-truncated", detail: `ends within the directory \`/${directory.path}\`` });
    }
    const offsetOf = (at: number) =>
      clusterOffset(layout, clusters[Math.floor(at / layout.clusterBytes)] ?? 2) + (at % layout.clusterBytes);
    await this.#visit(directory, { bytes, offsetOf });
  }

  async #visit(
    directory: Directory,
    { bytes, offsetOf }: { bytes: Uint8Array; offsetOf: (at: number) => number },
  ): Promise<void> {
    const { path, depth } = directory;
    const content = decodeDirectory(bytes);
    for (const { code, detail, offset } of content.problems) {
      this.#note({ code, detail: `${detail} (in \`/${path}\`)`, offset: offsetOf(offset ?? 0) });
    }
    for (const structure of content.structures) {
      this.structures.push({ ...structure, start: offsetOf(structure.start) });
    }
    const isRoot = depth === 0;
    if (!isRoot && (content.self !== directory.self || content.parent !== directory.parent)) {
      const detail = `has a directory \`/${path}\` whose \`.\` or \`..\` is wrong`;
      this.#note({ code: "directory-dots", detail, offset: offsetOf(0) });
    }
    for (const entry of content.entries) {
      if (this.entries.length >= MAX_ENTRIES) {
        this.#note({ code: "too-many-entries", detail: `has over ${MAX_ENTRIES} files` });
        return;
      }
      const place = {
        entry,
        offset: offsetOf(entry.at),
        path: path === "" ? entry.name : `${path}/${entry.name}`,
      };
      if (entry.kind === "label" && isRoot) this.label ??= entry.name;
      if (entry.kind === "file") this.#takeFile(place);
      if (entry.kind === "directory") await this.#takeDirectory(place, directory);
    }
  }

  #takeFile({ entry, offset, path }: { entry: DirectoryEntry; offset: number; path: string }): void {
    const { clusterBytes } = this.#layout;
    const clusters = entry.cluster === 0 ? [] : this.#chain(`/${path}`, { first: entry.cluster, offset });
    const needed = Math.ceil(entry.size / clusterBytes);
    if (clusters.length !== needed) {
      const detail = `has ${counted(clusters.length, "cluster")} for \`/${path}\`, whose ${entry.size} bytes need ${needed}`;
      this.#note({ code: "file-size", detail, offset: offset + 28 });
    }
    const last = clusters.at(-1);
    if (last !== undefined && clusterOffset(this.#layout, last) + clusterBytes > this.#source.size) {
      this.#note({ code: "file-truncated", detail: `ends within \`/${path}\``, offset: this.#source.size });
    }
    this.entries.push({ path, kind: "file", size: entry.size, clusters, offset });
  }

  async #takeDirectory(
    { entry, offset, path }: { entry: DirectoryEntry; offset: number; path: string },
    parent: Directory,
  ): Promise<void> {
    const clusters = this.#chain(`/${path}`, { first: entry.cluster, offset });
    this.entries.push({ path, kind: "directory", size: 0, clusters, offset });
    if (parent.depth >= MAX_DEPTH) {
      this.#note({ code: "too-deep", detail: `has directories nested over ${MAX_DEPTH} deep`, offset });
      return;
    }
    const directory = { path, depth: parent.depth + 1, self: entry.cluster, parent: parent.self };
    if (clusters.length > 0) await this.#visitChain(directory, clusters);
  }

  #chain(path: string, { first, offset }: { first: number; offset: number }): readonly number[] {
    const { clusters, problem } = this.#table.follow(first);
    if (problem !== undefined) {
      const detail = `has a chain for \`${path}\` that ${problem.detail}`;
      this.#note({ code: problem.code, detail, offset: problem.offset ?? offset });
    }
    return clusters;
  }

  #note(problem: FatProblem): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}
