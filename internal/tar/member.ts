import type { EntryType } from "../image/image-tree.ts";
import type { Xattrs } from "../image/xattr-set.ts";

/**
 * How the ambiguous parts of an archive are read.
 * - `layer`: as containers/storage reads a layer: global extended headers and libarchive's records are ignored,
 * attribute names are literal, `.wh.` names are whiteouts.
 * - `archive`: as GNU tar and bsdtar read an archive: all of these count, and `.wh.` names are ordinary names.
 */
export type TarDialect = "layer" | "archive";

export type TarMemberType = EntryType | "hard-link";

/** One member of a tar archive with all extended records applied. Names have one character for each byte. */
export interface TarMember {
  /** Index in the archive, from 0, without extended headers. */
  readonly ordinal: number;
  readonly type: TarMemberType;
  /** As written: not cleaned, possibly with `./`, `..` or a trailing slash. */
  readonly path: string;
  /** A symlink's target or the earlier name of a hard link; otherwise "". */
  readonly linkPath: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, rounded down. */
  readonly mtime: number;
  /** Bytes of content, holes included; 0 for anything except a file. */
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: Xattrs | undefined;
  /** Offset of the stored bytes in the archive. */
  readonly contentOffset: number;
  /** Whether the stored bytes differ from the content, because it has holes. */
  readonly sparse: boolean;
}
