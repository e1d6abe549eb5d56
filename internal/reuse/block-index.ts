/** The index of stored blocks as a file, next to the file with the blocks in a cache. */
import { type BlockRecord, BlockRecords } from "../squashfs/blocks/block-records.ts";
import { checksumOf, DIGEST } from "../squashfs/blocks/block-table.ts";
import { codecDigest } from "../squashfs/blocks/codec.ts";

/** The format and its version. Files of other versions begin with other bytes. */
const MAGIC = Buffer.from("platter-blocks-1");
/** Bytes of the header: magic, digest of the codec's identity, number of blocks, four zero bytes. */
const HEADER = MAGIC.length + DIGEST + 8;
/** Bytes of a record: digest, offset, checksum, length. */
const RECORD = DIGEST + 8 + 8 + 4;
const TRAILER = 8;

/** Blocks of a file, and the `codecIdentity` of the codec that compressed them. */
export interface BlockIndex {
  identity: string;
  blocks: BlockRecords;
}

/** Bytes of an index with this number of blocks. */
export function indexSize(blocks: number): number {
  return HEADER + RECORD * blocks + TRAILER;
}

export function encodeIndex({ identity, blocks }: BlockIndex): Buffer {
  const bytes = Buffer.alloc(indexSize(blocks.count));
  bytes.set(MAGIC, 0);
  bytes.set(codecDigest(identity), MAGIC.length);
  bytes.writeUInt32LE(blocks.count, MAGIC.length + DIGEST);
  let at = HEADER;
  for (const { digest, offset, length, checksum } of blocks) {
    bytes.set(digest, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + DIGEST);
    bytes.writeBigUInt64LE(checksum, at + DIGEST + 8);
    bytes.writeUInt32LE(length, at + DIGEST + 16);
    at += RECORD;
  }
  bytes.writeBigUInt64LE(checksumOf(bytes.subarray(0, at)), at);
  return bytes;
}

/** Whether the bytes are the index of blocks that a codec with another identity compressed. */
export function isOfOther(bytes: Buffer, identity: string): boolean {
  if (bytes.length < HEADER + TRAILER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return false;
  return !bytes.subarray(MAGIC.length, MAGIC.length + DIGEST).equals(codecDigest(identity));
}

/** The blocks of an index. Undefined if the index is incomplete, or has another version or identity. */
export function decodeIndex(bytes: Buffer, identity: string): BlockRecords | undefined {
  if (bytes.length < HEADER + TRAILER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (isOfOther(bytes, identity)) return undefined;
  const count = bytes.readUInt32LE(MAGIC.length + DIGEST);
  const end = bytes.length - TRAILER;
  if (bytes.length !== indexSize(count)) return undefined;
  if (bytes.readBigUInt64LE(end) !== checksumOf(bytes.subarray(0, end))) return undefined;
  const blocks = new BlockRecords();
  for (let at = HEADER; at < end; at += RECORD) blocks.add(recordAt(bytes, at));
  return blocks;
}

function recordAt(bytes: Buffer, at: number): BlockRecord {
  return {
    digest: bytes.subarray(at, at + DIGEST),
    offset: Number(bytes.readBigUInt64LE(at + DIGEST)),
    checksum: bytes.readBigUInt64LE(at + DIGEST + 8),
    length: bytes.readUInt32LE(at + DIGEST + 16),
  };
}
