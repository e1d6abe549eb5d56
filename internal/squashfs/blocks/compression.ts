/** All compressions, in the order of help and messages. */
export const COMPRESSIONS = ["zstd", "gzip", "none", "xz", "lz4"] as const;
/** The compressions of a squashfs. An erofs can have any compression. */
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
