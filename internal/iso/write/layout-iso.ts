/** Decides every sector of an ISO, and makes the bytes of its structures. */
import { placeBootImage } from "../../iso-format/boot-info.ts";
import { extentSizes, MAX_EXTENT } from "../../iso-format/directory-record.ts";
import { encodeBootCatalog, loadSize } from "../../iso-format/el-torito.ts";
import { BACKUP_BLOCKS } from "../../iso-format/gpt.ts";
import {
  BLOCK,
  BLOCKS_PER_SECTOR,
  type Extent,
  FIRST_DESCRIPTOR,
  SECTOR,
  sectorsOf,
} from "../../iso-format/units.ts";
import { type IsoDescription, type SizedContent, type SizedFile, sizeOf } from "./description.ts";
import { type ExtentFile, planDirectories } from "./directories.ts";
import { folderTree } from "./iso-folder.ts";
import { diskHead } from "./partitions.ts";
import { encodeTree, placeTree } from "./placed-tree.ts";
import { encodeDescriptors } from "./volumes.ts";

/** The first sector of the ISO partition, which has its own volume descriptors. */
const PARTITION = 16;
const ROOTFS_SECTOR = 64;
/** Offset of the root file system. It is the same on every ISO, so its data can be written first. */
export const ROOTFS_OFFSET: number = ROOTFS_SECTOR * SECTOR;
export const CATALOG_PATH = "/boot.catalog";
/** Blocks of the El Torito image that a BIOS loads. */
const BIOS_LOAD_SIZE = 4;
/** Sectors after the last file, for drives that read ahead over the end of a CD. */
const PADDING = 150;

/** Content and its offset in the ISO. */
export interface Placed<T> {
  at: number;
  content: T;
}

/** An ISO with all its sectors decided. */
export interface IsoImage {
  /** Bytes. */
  size: number;
  /** Files, in ascending order. */
  contents: Placed<SizedContent>[];
  /** Trees, path tables, then descriptors, backup GPT, and finally primary GPT and MBR, in the order of writing. */
  structures: Placed<Uint8Array>[];
}

/** @throws Error if two files have one path, or if the El Torito image is not in memory */
export function layoutIso(description: IsoDescription): IsoImage {
  const { rootfs, time } = description;
  const allocate = allocator(ROOTFS_SECTOR + (rootfs === undefined ? 0 : sectorsOf(sizeOf(rootfs.content))));
  const files = [catalogFile(), ...description.files].map(withExtents);
  const whole = rootfs === undefined ? files : [withExtents(rootfs), ...files];
  const volumes = placeVolumes(whole, { time, allocate });
  const sectors = new Map(rootfs && [[rootfs.isoPath, ROOTFS_SECTOR]]);
  for (const { isoPath, content } of files) sectors.set(isoPath, allocate(sectorsOf(sizeOf(content))));
  const sectorOf = (path: string) => sectors.get(path)!;
  const first = allocate(sectorsOf(sizeOf(description.esp)));
  const esp = { first, end: allocate(0) };
  const total = esp.end + PADDING + sectorsOf(BACKUP_BLOCKS * BLOCK);

  const boot = bootContents(description, { sectorOf, esp });
  const contents = whole.map(({ isoPath, content }) => ({
    at: sectorOf(isoPath) * SECTOR,
    content: boot.get(isoPath) ?? content,
  }));
  contents.push({ at: esp.first * SECTOR, content: description.esp });

  const extentOf = ({ isoPath, extents }: ExtentFile, index: number): Extent => ({
    lba: sectorOf(isoPath) + (index * MAX_EXTENT) / SECTOR,
    size: extents[index]!,
  });
  const sets = volumes.flatMap(({ base, primary, joliet }) => {
    const isWhole = base === 0;
    return placedSet(base + FIRST_DESCRIPTOR, {
      ...{ ...description, base, primary, joliet },
      sectors: isWhole ? total : esp.first - base,
      catalog: isWhole ? sectorOf(CATALOG_PATH) : undefined,
    });
  });
  const disk = diskHead({
    ...{ description, sectors: total, esp },
    iso: { first: PARTITION, end: esp.first },
    image: description.bios && sectorOf(description.bios.image),
  });
  const trees = volumes.flatMap(({ base, primary, joliet }) =>
    [primary, joliet].flatMap((tree) => encodeTree(tree, { base, time, extentOf })),
  );
  return { size: total * SECTOR, contents, structures: [...trees, ...sets, ...disk] };
}

/** Allocates ranges of sectors, one after the other. */
function allocator(first: number): (sectors: number) => number {
  let next = first;
  return (sectors) => {
    const sector = next;
    next += sectors;
    return sector;
  };
}

/** The boot catalogue as a file. Its content depends on the sectors of the boot images. */
function catalogFile(): SizedFile {
  return { isoPath: CATALOG_PATH, content: { bytes: new Uint8Array(SECTOR) } };
}

function withExtents(file: SizedFile): SizedFile & ExtentFile {
  return { ...file, extents: extentSizes(sizeOf(file.content)) };
}

/** Both trees of the whole ISO, and the trees of the partition, which have the same files and their own directories. */
function placeVolumes(
  files: readonly ExtentFile[],
  { time, allocate }: { time: number; allocate: (sectors: number) => number },
) {
  const root = folderTree(files);
  const primary = planDirectories(root, { kind: "rock-ridge", time });
  const joliet = planDirectories(root, { kind: "joliet", time });
  return [0, PARTITION].map((base) => ({
    base,
    primary: placeTree(primary, allocate),
    joliet: placeTree(joliet, allocate),
  }));
}

/** The files whose bytes depend on sectors, by path: the boot catalogue, and the El Torito image for BIOS. */
function bootContents(
  { bios, files }: IsoDescription,
  { sectorOf, esp }: { sectorOf: (path: string) => number; esp: { first: number; end: number } },
): Map<string, SizedContent> {
  const contents = new Map<string, SizedContent>();
  const blocks = loadSize((esp.end - esp.first) * BLOCKS_PER_SECTOR);
  const uefi = { platform: "uefi", lba: esp.first, blocks } as const;
  if (bios === undefined) return contents.set(CATALOG_PATH, { bytes: encodeBootCatalog([uefi]) });
  const image = files.find(({ isoPath }) => isoPath === bios.image)?.content;
  if (image === undefined || !("bytes" in image)) throw new Error(`${bios.image} is not in memory`);
  const lba = sectorOf(bios.image);
  contents.set(bios.image, { bytes: placeBootImage(image.bytes, lba) });
  const entries = [{ platform: "bios", lba, blocks: BIOS_LOAD_SIZE } as const, uefi];
  return contents.set(CATALOG_PATH, { bytes: encodeBootCatalog(entries) });
}

/** A volume descriptor set that begins at sector `first`. */
function placedSet(first: number, volume: Parameters<typeof encodeDescriptors>[0]): Placed<Uint8Array>[] {
  return encodeDescriptors(volume).map((content, index) => ({ at: (first + index) * SECTOR, content }));
}
