import { type FoundFile, findFile } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { moduleName } from "../../initramfs/summary.ts";
import type { RootfsOptions } from "../../rootfs/rootfs-options.ts";
import type { RootfsType } from "../../rootfs/rootfs-type.ts";
import type { Compression } from "../../squashfs/blocks/compression.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { Plan } from "./plan.ts";

/** The compressions that a kernel can mount, for each file system; null if unknown. */
export type KernelMounts = Plan["kernelMounts"];

/** The kernel's configuration (`CONFIG_…=y`) in its module directory or in `/boot`, where distributions keep it. */
export function findKernelConfig(root: TreeNode, version: string): FoundFile | undefined {
  const places = ["usr/lib/modules", "usr/lib/module", "lib/modules"].map(
    (base) => `${base}/${version}/config`,
  );
  for (const path of [...places, `boot/config-${version}`, `usr/lib/ostree-boot/config-${version}`]) {
    const found = findFile(root, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Options of the kernel (fs/squashfs/Kconfig, fs/erofs/Kconfig). An uncompressed squashfs is marked as zlib. */
const OPTIONS: Readonly<Record<RootfsType, Readonly<Record<Compression, string>>>> = {
  squashfs: {
    zstd: "SQUASHFS_ZSTD",
    xz: "SQUASHFS_XZ",
    gzip: "SQUASHFS_ZLIB",
    lz4: "SQUASHFS_LZ4",
    none: "SQUASHFS_ZLIB",
  },
  erofs: {
    zstd: "EROFS_FS_ZIP_ZSTD",
    xz: "EROFS_FS_ZIP_LZMA",
    gzip: "EROFS_FS_ZIP_DEFLATE",
    lz4: "EROFS_FS_ZIP",
    none: "EROFS_FS",
  },
};

/** Libraries of the kernel that squashfs decompresses with, by their module names. */
const LIBRARIES: Readonly<Record<Compression, string>> = {
  zstd: "zstd_decompress",
  xz: "xz_dec",
  gzip: "zlib_inflate",
  lz4: "lz4_decompress",
  none: "zlib_inflate",
};

/**
 * The compressions that a kernel can mount, by its configuration. Without a configuration, only the compressions of
 * squashfs, by the libraries in `modules.builtin` and among the modules of the initramfs.
 */
export function kernelMounts(options: {
  config: string | undefined;
  builtin: string | undefined;
  modules: ReadonlySet<string> | undefined;
}): KernelMounts {
  const { config, builtin, modules } = options;
  if (config !== undefined) {
    const set = new Set([...config.matchAll(/^CONFIG_([A-Z0-9_]+)=[ym]$/gm)].map(([, name]) => name));
    if (!set.has("SQUASHFS") && !set.has("EROFS_FS")) return null;
    return { squashfs: named(OPTIONS.squashfs, set), erofs: named(OPTIONS.erofs, set) };
  }
  if (builtin === undefined) return null;
  const present = new Set([
    ...(modules ?? []),
    ...builtin.split("\n").map((line) => moduleName(line.trim())),
  ]);
  const squashfs = named(LIBRARIES, present);
  // A list without any of these libraries is incomplete.
  return squashfs.length === 0 ? null : { squashfs, erofs: null };
}

function named(
  names: Readonly<Record<Compression, string>>,
  present: ReadonlySet<string | undefined>,
): Compression[] {
  return (Object.keys(names) as Compression[]).filter((compression) => present.has(names[compression]));
}

/** The compressions that platter itself can write, the best first. */
const OWN: readonly Compression[] = ["zstd", "gzip", "none"];

/** Checks that the kernel can mount the root file system of this build. */
export function checkCompression(
  plan: { kernel: Pick<Plan["kernel"], "version">; kernelMounts: KernelMounts },
  { type, compression }: Pick<RootfsOptions, "type" | "compression">,
): Finding[] {
  const mounts = plan.kernelMounts?.[type] ?? null;
  if (mounts === null || mounts.includes(compression)) return [];
  const seen = `The kernel \`${plan.kernel.version}\` is built without support for ${compression} in ${type}.`;
  const other = OWN.find((each) => mounts.includes(each));
  const fix = other === undefined ? undefined : `Choose \`--compression ${other}\`.`;
  return [finding("F_KERNEL_COMPRESSION", seen, { fix })];
}
