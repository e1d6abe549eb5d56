import type { ContentDigests } from "./content-digests.ts";
import type { Content, Inode } from "./image-tree.ts";

/** What earlier builds left about layers, for an image that is opened. */
export interface LayerStore {
  /** Version of platter. Another version may read a layer in another way. */
  readonly version: string;
  /** Bytes of the blocks in the squashfs. */
  readonly blockSize: number;
  /** Bytes of the table with this key, a SHA-256 in hexadecimal. */
  table(key: string): Buffer | undefined;
  /** A content, or a block of one, with `length` bytes and this SHA-256. */
  content(digest: Uint8Array, length: number): Uint8Array | undefined;
  /** Called when an image with layers is open. */
  opened(layers: KeptLayers): void;
}

/** The layers of an open image, for later builds. */
export interface KeptLayers extends ContentDigests {
  /** The number of layers, and of those that were read. */
  readonly count: LayerCount;
  /** Contents that the plan needed, and that no earlier build left. The squashfs may leave them out. */
  unkept(): Iterable<{ inode: Inode; content: Content }>;
  /** Tables that are new, or have new digests. */
  changed(): Iterable<{ key: string; bytes: Buffer }>;
}

export interface LayerCount {
  read: number;
  of: number;
}
