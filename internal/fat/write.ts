/**
 * A FAT16 file system as bytes, for the EFI system partition. Sections cited in this folder are those of Microsoft's
 * "FAT: General Overview of On-Disk Format", version 1.03.
 */
import { PlatterError } from "../base/error.ts";
import { encodeBootSector, MEDIA_DESCRIPTOR } from "./boot-sector.ts";
import { ATTRIBUTE, encodeLongEntries, encodeShortEntry } from "./directory-entry.ts";
import { type FatTime, toFatTime } from "./fat-time.ts";
import {
  buildFatTree,
  directoryBytes,
  type FatDirectoryNode,
  type FatFile,
  type FatFileNode,
  shortNamesOf,
} from "./fat-tree.ts";
import { chooseGeometry, FAT_COUNT, type FatGeometry, SECTOR_SIZE } from "./geometry.ts";
import { labelProblem } from "./name-rules.ts";
import { isPlainShortName } from "./short-name.ts";

export interface FatOptions {
  /** 1 to 11 characters, upper case. */
  label: string;
  /** The volume's serial number, 32 bits. */
  volumeId: number;
  /** Seconds since 1970, the time of every entry. FAT stores 1980 to 2107, here in UTC. */
  time: number;
  /** The least number of bytes that stay free. The default is 65536. */
  minimumFreeBytes?: number;
}

const DEFAULT_FREE_BYTES = 65536;
const END_OF_CHAIN = 0xffff;

/**
 * The whole image in memory. Its length is a multiple of 2048 bytes. The same input gives the same bytes.
 * @throws PlatterError `E_FAT_NAME`, `E_FAT_LABEL` or `E_FAT_TOO_LARGE`.
 */
export function writeFatImage(files: readonly FatFile[], options: FatOptions): Uint8Array {
  const { size, chunks } = planFatImage(files, options);
  const image = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks()) {
    image.set(chunk, offset);
    offset += chunk.length;
  }
  return image;
}

interface FatImage {
  /** Length of all chunks in bytes. */
  size: number;
  chunks: () => Iterable<Uint8Array>;
}

/** Like {@link writeFatImage}, without a second copy of the files in memory. */
export function planFatImage(files: readonly FatFile[], options: FatOptions): FatImage {
  const problem = labelProblem(options.label);
  if (problem !== undefined) {
    throw new PlatterError({
      code: "E_FAT_LABEL",
      kind: "contract",
      message: `Cannot use \`${options.label}\` as the label of a FAT file system: it ${problem}`,
    });
  }
  const root = buildFatTree(files);
  const directories = [...directoriesOf(root)];
  const contents = directories.flatMap(filesOf);
  const subdirectories = directories.slice(1);
  const geometry = chooseGeometry({
    rootBytes: directoryBytes(root),
    lengths: [...subdirectories.map(directoryBytes), ...contents.map((file) => file.content.length)],
    minimumFreeBytes: options.minimumFreeBytes ?? DEFAULT_FREE_BYTES,
  });
  const allocation = allocate(geometry, { subdirectories, contents });
  const time = toFatTime(options.time);
  return {
    size: geometry.totalSectors * SECTOR_SIZE,
    chunks: function* () {
      yield encodeBootSector(geometry, options);
      for (let copy = 0; copy < FAT_COUNT; copy++) yield allocation.fat;
      const label = encodeShortEntry({
        name: new TextEncoder().encode(options.label.padEnd(11)),
        attributes: ATTRIBUTE.volumeId,
        cluster: 0,
        size: 0,
        time,
      });
      const rootBytes = geometry.dataSector - geometry.rootSector;
      yield padded([label, ...childEntries(root, allocation, time)], rootBytes * SECTOR_SIZE);
      const clusterBytes = geometry.sectorsPerCluster * SECTOR_SIZE;
      let used = 0;
      for (const directory of subdirectories) {
        const entries = [
          ...dotEntries(directory, allocation, time),
          ...childEntries(directory, allocation, time),
        ];
        const bytes = roundUp(directoryBytes(directory), clusterBytes);
        yield padded(entries, bytes);
        used += bytes;
      }
      for (const { content } of contents) {
        yield content;
        const bytes = roundUp(content.length, clusterBytes);
        yield new Uint8Array(bytes - content.length);
        used += bytes;
      }
      yield new Uint8Array((geometry.totalSectors - geometry.dataSector) * SECTOR_SIZE - used);
    },
  };
}

interface Allocation {
  /** One FAT, in full ("FAT Data Structure"). */
  fat: Uint8Array;
  /** First cluster of every directory and file by its path; 0 for the root and for empty files. */
  firstCluster: Map<string, number>;
}

function allocate(
  geometry: FatGeometry,
  nodes: { subdirectories: readonly FatDirectoryNode[]; contents: readonly FatFileNode[] },
): Allocation {
  const fat = new Uint8Array(geometry.fatSectors * SECTOR_SIZE);
  const view = new DataView(fat.buffer);
  view.setUint16(0, 0xff00 | MEDIA_DESCRIPTOR, true);
  view.setUint16(2, END_OF_CHAIN, true); // It also has the flags for a clean volume without disk errors.
  const firstCluster = new Map<string, number>([["", 0]]);
  let next = 2;
  const take = (path: string, length: number): void => {
    const count = Math.ceil(length / (geometry.sectorsPerCluster * SECTOR_SIZE));
    firstCluster.set(path, count === 0 ? 0 : next);
    for (let left = count; left > 0; left--, next++) {
      view.setUint16(next * 2, left === 1 ? END_OF_CHAIN : next + 1, true);
    }
  };
  for (const directory of nodes.subdirectories) take(directory.path, directoryBytes(directory));
  for (const file of nodes.contents) take(file.path, file.content.length);
  return { fat, firstCluster };
}

function* childEntries(
  directory: FatDirectoryNode,
  allocation: Allocation,
  time: FatTime,
): Iterable<Uint8Array> {
  const shortNames = shortNamesOf(directory);
  for (const child of directory.children) {
    const name = shortNames.get(child.name)!;
    if (!isPlainShortName(child.name)) yield encodeLongEntries(child.name, name);
    yield encodeShortEntry({
      name,
      attributes: child.kind === "directory" ? ATTRIBUTE.directory : ATTRIBUTE.archive,
      cluster: allocation.firstCluster.get(child.path)!,
      size: child.kind === "directory" ? 0 : child.content.length,
      time,
    });
  }
}

/** The first two entries of every directory but the root: itself, and its parent (0 for the root). */
function dotEntries(directory: FatDirectoryNode, { firstCluster }: Allocation, time: FatTime): Uint8Array[] {
  const parent = directory.path.slice(0, Math.max(0, directory.path.lastIndexOf("/")));
  return [
    { name: ".", cluster: firstCluster.get(directory.path)! },
    { name: "..", cluster: firstCluster.get(parent)! },
  ].map(({ name, cluster }) =>
    encodeShortEntry({
      name: new TextEncoder().encode(name.padEnd(11)),
      attributes: ATTRIBUTE.directory,
      cluster,
      size: 0,
      time,
    }),
  );
}

function* directoriesOf(directory: FatDirectoryNode): Iterable<FatDirectoryNode> {
  yield directory;
  for (const child of directory.children) if (child.kind === "directory") yield* directoriesOf(child);
}

function filesOf(directory: FatDirectoryNode): FatFileNode[] {
  return directory.children.filter((child) => child.kind === "file");
}

function padded(parts: Iterable<Uint8Array>, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
