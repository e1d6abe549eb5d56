/** In the order in which they are named to the user. */
export const COMPRESSIONS = ["zstd", "gzip", "none", "xz", "lz4"] as const;
/** Those that a squashfs can have; mkfs.erofs knows all. */
export const SQUASHFS_COMPRESSIONS: readonly Compression[] = ["zstd", "gzip", "none"];
export type Compression = (typeof COMPRESSIONS)[number];

/** How the blocks of a root file system image are compressed. */
export interface CompressionOptions {
  compression: Compression;
  /** Null for a compressor without levels, or for its own default. */
  level: number | null;
  /** Bytes of content in a block. */
  blockSize: number;
}
