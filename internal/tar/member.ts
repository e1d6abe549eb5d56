import type { EntryType } from "../image/image-tree.ts";
import type { Xattrs } from "../image/xattr-set.ts";

/**
 * How an archive's doubtful parts are read.
 * - `layer`: as containers/storage reads a layer: global extended headers and libarchive's records mean nothing,
 *   attribute names are literal, `.wh.` names are whiteouts.
 * - `archive`: as GNU tar and bsdtar read an archive: all of these count, and `.wh.` is a name like any other.
 */
export type TarDialect = "layer" | "archive";

export type TarMemberType = EntryType | "hard-link";

/** One member of a tar archive with all extended records applied. Names are bytes, one character a byte. */
export interface TarMember {
  /** Place in the archive, from 0; extended headers do not count. */
  readonly ordinal: number;
  readonly type: TarMemberType;
  /** As written: not cleaned, possibly with `./`, `..` or a trailing slash. */
  readonly path: string;
  /** A symlink's target or the earlier name of a hard link; else "". */
  readonly linkPath: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, rounded down. */
  readonly mtime: number;
  /** Bytes of content, holes included; 0 for anything but a file. */
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: Xattrs | undefined;
  /** Where the stored bytes begin in the archive. */
  readonly contentOffset: number;
  /** True if the stored bytes are not the content as it is. */
  readonly sparse: boolean;
}
