import type { DraftPlan, RootPlan } from "../../contract/plan/plan.ts";
import { walkEntries } from "../../image/entry-walk.ts";
import { compileExcludes } from "../../image/excludes.ts";
import { plannedFiles } from "../../iso/planned-files.ts";
import type { TreeWithPayloads } from "../../payload/with-payloads.ts";
import { walkOptions } from "../../rootfs/rootfs.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";

/** Bounds in bytes. `least` is needed in any case, and `most` is enough for all but unusual images. */
export interface Range {
  least: number;
  most: number;
}

export interface SpaceEstimate {
  /** Bytes of all files that go into the root file system, uncompressed. */
  content: number;
  /** Bytes of the compressed root file system. */
  rootfs: Range;
  /** Bytes of files that are removed after the root file system is made. */
  temporary: number;
  /** Bytes of the EFI system partition. */
  esp: number;
  iso: Range;
}

const MIB = 1024 * 1024;

/**
 * Compressed size as a share of the content. `least` is for text, and `most` for firmware and modules that are already
 * compressed.
 */
const FACTORS: Readonly<Record<string, Range>> = {
  none: { least: 0.5, most: 1 },
  lz4: { least: 0.15, most: 0.8 },
};
const USUAL: Range = { least: 0.1, most: 0.7 };
/** Share for compressed layers. The files in them have the same content, so the root file system is about as large. */
const OF_LAYERS: Range = { least: 0.4, most: 1.15 };
/** A file of this many bytes may be a disk image with few data. `least` does not count it. */
const LARGE_FILE = 64 * MIB;
/** Most bytes of an entry in the tables, with a name of usual length. */
const ENTRY = 96;

/** The size of an ISO in bytes, estimated before any part of it is made. */
export function estimateSpace(
  plan: DraftPlan,
  whole: Pick<TreeWithPayloads, "image" | "tree" | "walk">,
  { type, compression }: Pick<RootfsOptions, "type" | "compression">,
): SpaceEstimate {
  const { rootfs, content } = estimateRootfs(plan, whole, compression);
  const files = plannedFiles(plan);
  const sum = (paths: RegExp) =>
    files.reduce((bytes, { isoPath, piece }) => (paths.test(isoPath) ? bytes + piece.size : bytes), 0);
  const esp = sum(/^\/EFI\//) + MIB;
  // Directories, menus, partition tables, and the padding after the last file.
  const others = sum(/./) + esp + 2 * MIB;
  return {
    content,
    rootfs,
    // mkfs.erofs keeps the whole content of a tar archive in a temporary file while it compresses it.
    temporary: type === "erofs" ? content : 0,
    esp,
    iso: { least: rootfs.least + sum(/./), most: rootfs.most + others },
  };
}

function estimateRootfs(
  { excludes, time }: Pick<RootPlan, "excludes" | "time">,
  { image, tree, walk }: Pick<TreeWithPayloads, "image" | "tree" | "walk">,
  compression: string,
): { rootfs: Range; content: number } {
  const options = walkOptions(compileExcludes(excludes), time);
  const ofImage = measure(walkEntries(image, options));
  const all = tree === image ? ofImage : measure(walkEntries(tree, walk(options)));
  const factor = FACTORS[compression] ?? USUAL;
  const range = (sizes: Sizes): Range => ({
    least: (sizes.content - sizes.large) * factor.least,
    most: sizes.content * factor.most + sizes.entries * ENTRY,
  });
  const [rootfs, withPayloads] = [range(ofImage), range(all)];
  const payloads = { least: withPayloads.least - rootfs.least, most: withPayloads.most - rootfs.most };
  const { layerBytes } = image.source;
  if (layerBytes !== undefined && compression !== "none") {
    rootfs.least = Math.min(rootfs.least, layerBytes * OF_LAYERS.least);
    rootfs.most = Math.min(rootfs.most, layerBytes * OF_LAYERS.most + ofImage.entries * ENTRY);
  }
  const least = Math.max(0, Math.floor(rootfs.least + payloads.least));
  return { content: all.content, rootfs: { least, most: Math.ceil(rootfs.most + payloads.most) } };
}

interface Sizes {
  content: number;
  /** Bytes of the content that are in large files. */
  large: number;
  entries: number;
}

function measure(walked: Iterable<{ size: number }>): Sizes {
  const sizes = { content: 0, large: 0, entries: 0 };
  for (const { size } of walked) {
    sizes.content += size;
    if (size >= LARGE_FILE) sizes.large += size;
    sizes.entries++;
  }
  return sizes;
}
