/** The record in the padding after a squashfs: it names the codec that compressed the blocks (docs/iso-format.md). */
import { checksumOf, DIGEST } from "./block-table.ts";

/** The format and its version. Records of other versions begin with other bytes. */
const MAGIC = Buffer.from("platter-codec-1\n");
/** Offsets of the blocks' checksum and of the record's checksum. The digest follows the magic. */
const BLOCKS_AT = MAGIC.length + DIGEST;
const CHECKSUM_AT = BLOCKS_AT + 8;

/** Bytes of a record. */
export const RECORD_SIZE = CHECKSUM_AT + 8;
/** Bytes of the magic. A change in the bytes after it is damage. */
export const RECORD_MAGIC = MAGIC.length;

export interface CodecRecord {
  /** The `codecDigest` of the codec. */
  codec: Uint8Array;
  /** Checksum of all data blocks: the `checksum` of `BlockRecords`. */
  blocks: bigint;
}

export function encodeRecord({ codec, blocks }: CodecRecord): Buffer {
  const bytes = Buffer.alloc(RECORD_SIZE);
  bytes.set(MAGIC, 0);
  bytes.set(codec, MAGIC.length);
  bytes.writeBigUInt64LE(blocks, BLOCKS_AT);
  bytes.writeBigUInt64LE(checksumOf(bytes.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return bytes;
}

/** The record at the start of `bytes`. Undefined if the bytes do not begin with the magic of a record. */
export function decodeRecord(bytes: Buffer): CodecRecord | "damaged" | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (bytes.length < RECORD_SIZE) return "damaged";
  if (bytes.readBigUInt64LE(CHECKSUM_AT) !== checksumOf(bytes.subarray(0, CHECKSUM_AT))) return "damaged";
  return { codec: bytes.subarray(MAGIC.length, BLOCKS_AT), blocks: bytes.readBigUInt64LE(BLOCKS_AT) };
}
