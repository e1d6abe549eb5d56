import type { Inode } from "./image-tree.ts";

/**
 * SHA-256 digests of the contents of an image's files. A file of at least one block of the squashfs has a digest for each
 * block, and any other file has one digest. The digests of one content follow each other. 32 zero bytes are a block of
 * zeros.
 */
export interface ContentDigests {
  /** The digests of a content that does not have to be read. Undefined if they are not known. */
  of(inode: Inode): Uint8Array | undefined;
  /** Keeps the digests of a content that was read. They are copied. */
  record(inode: Inode, digests: Uint8Array): void;
}
