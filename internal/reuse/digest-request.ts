import type { CodecOptions } from "../squashfs/blocks/codec.ts";

/** A block of which the digest is wanted. */
export interface WantedBlock {
  /** In the file, in bytes. */
  offset: number;
  /** As an inode has it. */
  length: number;
  /** Bytes of the content. */
  size: number;
  /** Of a fragment the lengths of the files in it; undefined for a block of one file. */
  parts: readonly number[] | undefined;
  /** Whether the content is compressed again, and compared with the block. */
  check: boolean;
}

/** Value of the flag that ends reading the ISO. */
export const STOP = 1;

/** The digests of some blocks, or whether a file has its checksum: a SHA-256, or the checksum in an ISO. */
export type DigestRequest =
  | { kind: "blocks"; fd: number; blocks: readonly WantedBlock[]; codec: CodecOptions }
  | { kind: "checksum"; path: string; sha256: string | undefined; stop: SharedArrayBuffer };

/** Digest of a block's content and checksum of its stored bytes; `foreign` if it would be compressed otherwise. */
export type BlockDigest = { digest: Uint8Array; checksum: bigint } | "damaged" | "foreign";

export type Checksum = "right" | "wrong" | "absent" | "unread";

export type DigestAnswer =
  | { kind: "blocks"; digests: BlockDigest[] }
  | { kind: "checksum"; checksum: Checksum };
