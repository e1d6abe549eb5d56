import type { ProblemCode } from "../bytes/problem-codes.ts";
import { counted } from "../text/counted.ts";
/**
 * The boot sector of a FAT volume from an untrusted source (Microsoft "FAT: General Overview of On-Disk Format" 1.03,
 * "Boot Sector and BPB", "FAT Type Determination").
 */
import { printable } from "../text/printable.ts";
import type { FatProblem, FatStructure } from "./fat-source.ts";

type FatType = "FAT12" | "FAT16" | "FAT32";

export interface FatLayout {
  type: FatType;
  bytesPerSector: number;
  clusterBytes: number;
  /** Data clusters; they are numbered from 2 on. */
  clusters: number;
  fatOffset: number;
  fatBytes: number;
  fatCount: number;
  /** FAT12 and FAT16: the fixed root directory. */
  rootOffset: number;
  rootBytes: number;
  /** FAT32: first cluster of the root directory; 0 otherwise. */
  rootCluster: number;
  dataOffset: number;
  /** Length of the volume in bytes by its own fields. */
  totalBytes: number;
  media: number;
  /** From the boot sector, without trailing spaces; undefined without a label. */
  label: string | undefined;
  volumeId: number | undefined;
}

const SIZES = [512, 1024, 2048, 4096];
const JUMPS = [0xeb, 0xe9];

/** The layout of the volume. If it is undefined, the problems give the reason. */
export function readBootSector(
  sector: Uint8Array,
  sourceSize: number,
): { layout: FatLayout | undefined; problems: FatProblem[] } {
  const problems: FatProblem[] = [];
  const note = (code: ProblemCode, offset: number, detail: string) => problems.push({ code, detail, offset });
  if (sector.length < 512) {
    note("boot-sector-short", sector.length, "ends before the boot sector does");
    return { layout: undefined, problems };
  }
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  const bytesPerSector = view.getUint16(11, true);
  const sectorsPerCluster = view.getUint8(13);
  const reserved = view.getUint16(14, true);
  const fatCount = view.getUint8(16);
  const rootEntries = view.getUint16(17, true);
  const totalSectors = view.getUint16(19, true) || view.getUint32(32, true);
  const media = view.getUint8(21);
  const shortFat = view.getUint16(22, true);
  const fatSectors = shortFat || view.getUint32(36, true);

  if (!JUMPS.includes(view.getUint8(0))) note("boot-jump", 0, "does not begin with a jump");
  if (view.getUint16(510, true) !== 0xaa55)
    note("boot-signature", 510, "has no 55 AA at the boot sector's end");
  if (media !== 0xf0 && media < 0xf8) note("media", 21, `has the impossible media descriptor ${hex(media)}`);
  const before = problems.length;
  if (!SIZES.includes(bytesPerSector)) note("sector-size", 11, `has sectors of ${bytesPerSector} bytes`);
  if (!isPowerOfTwo(sectorsPerCluster))
    note("cluster-size", 13, `has clusters of ${sectorsPerCluster} sectors`);
  if (reserved === 0) note("reserved-sectors", 14, "has no reserved sector, where its boot sector is");
  if (fatCount === 0) note("fat-count", 16, "has no FAT");
  if (fatSectors === 0) note("fat-size", 22, "has FATs of no length");
  if (totalSectors === 0) note("total-sectors", 19, "has no sectors");
  if (problems.length > before) return { layout: undefined, problems };

  const rootBytes = Math.ceil((rootEntries * 32) / bytesPerSector) * bytesPerSector;
  const fatOffset = reserved * bytesPerSector;
  const fatBytes = fatSectors * bytesPerSector;
  const rootOffset = fatOffset + fatCount * fatBytes;
  const dataOffset = rootOffset + rootBytes;
  const totalBytes = totalSectors * bytesPerSector;
  const clusterBytes = sectorsPerCluster * bytesPerSector;
  if (totalBytes > sourceSize) {
    note("volume-truncated", sourceSize, `says it has ${totalBytes} bytes, but only ${sourceSize} are there`);
  }
  if (dataOffset >= totalBytes) {
    note(
      "total-sectors",
      19,
      `is too short for its own FATs and root directory (${dataOffset} of ${totalBytes} bytes)`,
    );
    return { layout: undefined, problems };
  }
  const clusters = Math.floor((totalBytes - dataOffset) / clusterBytes);
  const type = typeOf(clusters);
  if ((type === "FAT32") !== (shortFat === 0)) {
    note(
      "fat-type",
      22,
      `has ${counted(clusters, "cluster")}, which makes it ${type}, but its boot sector is another type's`,
    );
    return { layout: undefined, problems };
  }
  if (type !== "FAT32" && rootEntries === 0)
    note("root-entries", 17, "has no room for entries in its root directory");
  if (fatBytes < Math.ceil(((clusters + 2) * bitsOf(type)) / 8)) {
    note("fat-size", 22, `has a FAT of ${fatBytes} bytes, too short for ${counted(clusters, "cluster")}`);
    return { layout: undefined, problems };
  }
  const extended = type === "FAT32" ? 64 : 36;
  const hasExtended = view.getUint8(extended + 2) === 0x29;
  const typeText = latin1(sector.subarray(extended + 18, extended + 26));
  if (hasExtended && typeText !== `${type}   ` && typeText !== "FAT     ") {
    note(
      "fat-type-text",
      extended + 18,
      `is ${type}, but names itself \`${printable(typeText)}\`, which U-Boot goes by`,
    );
  }
  return {
    layout: {
      type,
      bytesPerSector,
      clusterBytes,
      clusters,
      fatOffset,
      fatBytes,
      fatCount,
      rootOffset,
      rootBytes,
      rootCluster: type === "FAT32" ? view.getUint32(44, true) & 0x0fffffff : 0,
      dataOffset,
      totalBytes,
      media,
      label: hasExtended
        ? latin1(sector.subarray(extended + 7, extended + 18)).replace(/ +$/, "")
        : undefined,
      volumeId: hasExtended ? view.getUint32(extended + 3, true) : undefined,
    },
    problems,
  };
}

function bitsOf(type: FatType): 12 | 16 | 32 {
  switch (type) {
    case "FAT12":
      return 12;
    case "FAT16":
      return 16;
    case "FAT32":
      return 32;
    default:
      return type satisfies never;
  }
}

function typeOf(clusters: number): FatType {
  if (clusters < 4085) return "FAT12";
  return clusters < 65525 ? "FAT16" : "FAT32";
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * Fields and tables that must match others. The space for the root directory matters only if there is a subdirectory.
 */
export function bootSectorStructures(layout: FatLayout, tree: { subdirectories: number }): FatStructure[] {
  const fields: [string, number, number][] = [
    ["bytes per sector", 11, 2],
    ["sectors per cluster", 13, 1],
    ["reserved sectors", 14, 2],
    ["number of FATs", 16, 1],
    ["media descriptor", 21, 1],
    ["sectors per FAT", 22, 2],
    ["signature", 510, 2],
  ];
  if (tree.subdirectories > 0 && layout.type !== "FAT32") fields.push(["root entries", 17, 2]);
  const structures = fields.map(([name, start, length]) => ({
    name: `boot sector: ${name}`,
    start,
    length,
  }));
  if (layout.label !== undefined && layout.label !== "NO NAME" && layout.type !== "FAT32") {
    structures.push({ name: "boot sector: label", start: 43, length: 11 });
  }
  const copies = layout.fatCount < 2 ? 0 : layout.fatCount;
  for (let copy = 0; copy < copies; copy++) {
    const start = layout.fatOffset + copy * layout.fatBytes;
    structures.push({ name: `FAT ${copy + 1}`, start, length: layout.fatBytes });
  }
  return structures;
}
