import type { CodecRecord } from "../squashfs/blocks/codec-record.ts";
import type { Reference } from "../squashfs/blocks/format.ts";

/** The fields of a squashfs superblock (Linux, Documentation/filesystems/squashfs.rst). */
export interface SquashfsSuperblock {
  inodes: number;
  /** Seconds since 1970. */
  mkfsTime: number;
  blockSize: number;
  fragments: number;
  compressor: "gzip" | "lzma" | "lzo" | "xz" | "lz4" | "zstd";
  flags: number;
  ids: number;
  /** Length of the file system in bytes, without padding. */
  bytesUsed: number;
  hasXattrs: boolean;
  hasExports: boolean;
  /** Undefined in a squashfs of another program. */
  record?: CodecRecord | undefined;
  /** Undefined if a table is missing or damaged. */
  tables?: SquashfsTables;
  /** Position of the root directory's inode. Undefined without `tables`. */
  root?: Reference;
  /** Undefined if labels could not be looked at. */
  labels?: LabelSample | undefined;
}

/** The number of inodes of a squashfs with SELinux labels. */
export interface LabelSample {
  /** The context of the root directory; undefined without a label. */
  root: string | undefined;
  /** Inodes that were looked at, the root included. */
  inodes: number;
  labelled: number;
}

/** Offsets of the tables; undefined for missing tables. */
export interface SquashfsTables {
  inode: number;
  directory: number;
  fragment: number | undefined;
  exported: number | undefined;
  id: number;
  xattr: number | undefined;
}
