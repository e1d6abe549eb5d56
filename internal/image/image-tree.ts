import type { BytePath } from "../bytes/byte-path.ts";
import type { FileRange } from "../bytes/byte-range.ts";

declare const brand: unique symbol;

/** Where a source keeps the content of an inode. Only the source knows the meaning of the number. */
export type Locator = number & { readonly [brand]: "Locator" };

export type EntryType = "file" | "directory" | "symlink" | "character-device" | "block-device" | "fifo";

/**
 * One inode of the image's root file system. Hard links are several {@link TreeNode}s with the same inode. An inode
 * with several names is always the same object. For an inode with a single name each call may return another object.
 */
export interface Inode {
  readonly type: EntryType;
  /** Permission bits with set-uid, set-gid and sticky: 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Whole seconds since 1970, rounded down; may be negative. */
  mtime: number;
  /** Length in bytes; 0 for anything except a file. */
  size: number;
  /** A symlink's target as in the image, with one character for each byte. */
  target?: string | undefined;
  devMajor?: number | undefined;
  devMinor?: number | undefined;
  /** Values by name, with one character for each byte of a name. Undefined without attributes. */
  xattrs?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Undefined if the inode does not have a content. */
  locator?: Locator | undefined;
  /** Number of names that this inode has in the tree. */
  links: number;
}

/** One name in the tree. */
export interface TreeNode {
  /** The last component of the path, with one character for each byte; "" for the root. */
  readonly name: string;
  readonly parent: TreeNode | undefined;
  readonly inode: Inode;
  /** Only for directories: children in byte order of their names. */
  readonly children?: ReadonlyMap<string, TreeNode> | undefined;
}

/** A layer as the image's configuration describes it. */
export interface SourceLayer {
  /** Digest of the plain tar: `sha256:…`. */
  diffId: string;
  /** The instruction that made the layer. Undefined if the image does not say. */
  createdBy: string | undefined;
}

/** A folder of the host whose files are over an image. */
export interface SourceOverlay {
  /** Absolute path. */
  path: string;
  /** SHA-256 over the paths and contents of its files, as `sha256:…`. */
  digest: string;
}

export interface ImageSource {
  /** The reference in full, with its transport: `oci-archive:/tmp/image.tar`. */
  reference: string;
  transport: string;
  /**
   * Digest of the image's manifest, `sha256:…`; in a docker-archive, which does not have a manifest, of its
   * configuration; undefined for a plain directory or tar.
   */
  digest: string | undefined;
  /** For a tree without a digest, a text that changes on this machine whenever the content of a file changes. */
  stamp?: string | undefined;
  /** The layers, lowest first. Undefined for a source without layers. */
  layers?: readonly SourceLayer[] | undefined;
  /** Length in bytes of the stored layers, compressed or not; undefined for a source without layers. */
  layerBytes?: number | undefined;
  /**
   * Folders whose content was omitted, since they are mount points of other file systems; undefined if nothing was
   * omitted.
   */
  leftOut?: readonly BytePath[] | undefined;
  /** Folders of the host whose files are over the image, lowest first; undefined without any. */
  overlays?: readonly SourceOverlay[] | undefined;
  /** Creation time of the image in seconds since 1970; undefined if the image does not name a time. */
  created: number | undefined;
  /** The architecture in the image's configuration (`amd64`, `arm64`); undefined if it is missing there. */
  architecture: string | undefined;
}

/** A regular file's bytes, in pieces. If the consumer stops early, `return()` closes it. */
export type Content = AsyncIterable<Uint8Array>;

/** A content as a part of an open file. The caller disposes of it. It is valid as long as its tree is open. */
export interface HeldRange extends FileRange, Disposable {}

/**
 * The view of an image's root file system, the same for every source. Canonical order is pre-order depth first,
 * siblings in byte order of their names, the root first.
 */
export interface ImageTree extends AsyncDisposable {
  readonly source: ImageSource;
  readonly root: TreeNode;
  /** A host directory with the same tree (a mount, an unpacked folder), if there is one. */
  readonly hostPath: string | undefined;
  /** The content of one regular file. */
  read(inode: Inode): Content;
  /** The content as a range of a file on the host or in memory. Undefined if it must be read by {@link read}. */
  held?(inode: Inode): HeldRange | undefined;
  /**
   * Number of the layer that the content is from, 0 for the lowest. Undefined if it is from no layer. Only a tree that
   * consists of layers has this function.
   */
  layerOf?(inode: Inode): number | undefined;
  /**
   * Registers a host file that holds this content until disposal of the tree, so that the tree may drop its own
   * copy.
   */
  isSavedAt?(inode: Inode, hostFile: string): void;
  /**
   * Reads the content of many regular files in canonical order, each at most once. `open` must be called in that order,
   * and each content consumed before the next is opened. Sources that stream (layers) read everything once.
   */
  sequentialReader(wanted: Iterable<Inode>): Promise<SequentialReader>;
}

export interface SequentialReader extends AsyncDisposable {
  open(inode: Inode): Content;
  /**
   * Synchronous alternative to `open` for small files. `target` must have the content's length. Returns false if the content
   * is not available synchronously.
   */
  readSync?(inode: Inode, target: Uint8Array): boolean;
  /** Alternative to `open`: the content as a range of a file, if it is in one. */
  held?(inode: Inode): HeldRange | undefined;
}

/** The path of a node. */
export function pathOf(node: TreeNode): BytePath {
  const parts: string[] = [];
  for (let at: TreeNode | undefined = node; at?.parent !== undefined; at = at.parent) parts.push(at.name);
  return parts.reverse().join("/") as BytePath;
}
