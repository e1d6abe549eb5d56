/** A block whose digest is needed. */
export interface WantedBlock {
  /** Offset in the file, in bytes. */
  offset: number;
  /** Length in the form of an inode. */
  length: number;
  /** Bytes of the content. */
  size: number;
  /** For a fragment, the lengths of the files in it. Undefined for a block of one file. */
  parts: readonly number[] | undefined;
}

/** A request for the digests of some blocks of a file. */
export interface DigestRequest {
  fd: number;
  blocks: readonly WantedBlock[];
}

/** Digest of a block's content and checksum of its stored bytes. */
export type BlockDigest = { digest: Uint8Array; checksum: bigint };

/** The digests in the order of the request. `damaged` if a block cannot be read or decompressed. */
export type DigestAnswer = BlockDigest[] | "damaged";
