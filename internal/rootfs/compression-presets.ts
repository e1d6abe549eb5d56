import type { CompressionOptions } from "../squashfs/blocks/compression.ts";
import type { RootfsType } from "./rootfs-type.ts";

const KIB = 1024;

/** The presets. docs/performance.md has their measurements. */
export const PRESETS: Readonly<
  Record<"fast" | "balanced" | "small", Readonly<Record<RootfsType, CompressionOptions>>>
> = {
  /** The preset to try an image with. */
  fast: {
    squashfs: { compression: "zstd", level: 1, blockSize: 256 * KIB },
    erofs: { compression: "lz4", level: null, blockSize: 64 * KIB },
  },
  /** The default. */
  balanced: {
    squashfs: { compression: "zstd", level: 9, blockSize: 256 * KIB },
    erofs: { compression: "zstd", level: 9, blockSize: 256 * KIB },
  },
  /** The preset for an ISO that many people download. */
  small: {
    squashfs: { compression: "zstd", level: 12, blockSize: 1024 * KIB },
    erofs: { compression: "zstd", level: 12, blockSize: 1024 * KIB },
  },
};
