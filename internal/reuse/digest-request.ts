import type { CodecOptions } from "../squashfs/blocks/codec.ts";

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
  /** Whether the thread compresses the content again and compares the result with the block. */
  check: boolean;
}

/** Value of the shared flag that stops reading the file. */
export const STOP = 1;

/**
 * A request for the digests of some blocks, or for comparing a file with its checksum: a SHA-256, or the checksum in an
 * ISO.
 */
export type DigestRequest =
  | { kind: "blocks"; fd: number; blocks: readonly WantedBlock[]; codec: CodecOptions }
  | { kind: "checksum"; path: string; sha256: string | undefined; stop: SharedArrayBuffer };

/**
 * Digest of a block's content and checksum of its stored bytes. `foreign` if this build would compress the content to
 * other bytes.
 */
export type BlockDigest = { digest: Uint8Array; checksum: bigint } | "damaged" | "foreign";

export type Checksum = "right" | "wrong" | "absent" | "unread";

export type DigestAnswer =
  | { kind: "blocks"; digests: BlockDigest[] }
  | { kind: "checksum"; checksum: Checksum };
