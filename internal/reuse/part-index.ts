/** The index of the small files in fragments as a file, next to the file with the fragments in a cache. */
import type { BlockRecords } from "../squashfs/blocks/block-records.ts";
import { checksumOf } from "../squashfs/blocks/block-table.ts";
import { type PartRecord, PartRecords } from "../squashfs/blocks/part-records.ts";

/** The format and its version. Files of other versions begin with other bytes. */
const MAGIC = Buffer.from("platter-parts-1\n");
/** Bytes of a record: start of the digest, number of the fragment, offset. */
const RECORD = 12;
const TRAILER = 8;

export function encodeParts(parts: PartRecords): Buffer {
  const bytes = Buffer.alloc(MAGIC.length + RECORD * parts.count + TRAILER);
  bytes.set(MAGIC, 0);
  let at = MAGIC.length;
  for (const { prefix, block, offset } of parts) {
    bytes.writeUInt32LE(prefix, at);
    bytes.writeUInt32LE(block, at + 4);
    bytes.writeUInt32LE(offset, at + 8);
    at += RECORD;
  }
  bytes.writeBigUInt64LE(checksumOf(bytes.subarray(0, at)), at);
  return bytes;
}

/** The small files in these blocks. Undefined if the index is damaged, or of another version. */
export function decodeParts(bytes: Buffer, blocks: BlockRecords): PartRecords | undefined {
  const end = bytes.length - TRAILER;
  if (end < MAGIC.length || (end - MAGIC.length) % RECORD !== 0) return undefined;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (bytes.readBigUInt64LE(end) !== checksumOf(bytes.subarray(0, end))) return undefined;
  const parts = new PartRecords();
  for (let at = MAGIC.length; at < end; at += RECORD) {
    const part = recordAt(bytes, at);
    if (part.block >= blocks.count) return undefined;
    parts.add(part);
  }
  return parts;
}

function recordAt(bytes: Buffer, at: number): PartRecord {
  return {
    prefix: bytes.readUInt32LE(at),
    block: bytes.readUInt32LE(at + 4),
    offset: bytes.readUInt32LE(at + 8),
  };
}
