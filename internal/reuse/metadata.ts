import { zstdDecompressSync } from "node:zlib";
import { METADATA_SIZE, STORED_METADATA } from "../squashfs/blocks/format.ts";

/** Most bytes of a table. The inodes of two million files have fewer. */
const MOST = 256 * 1024 * 1024;

/**
 * The content of consecutive metadata blocks that are compressed with zstd (squashfs.rst, "Metadata").
 * @throws Error if they are damaged, or larger than the limit
 */
export function metadataContent(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; at < bytes.length; ) {
    if (at + 2 > bytes.length) throw new RangeError("a metadata block is cut off");
    const header = bytes.readUInt16LE(at);
    const end = at + 2 + (header & (STORED_METADATA - 1));
    if (end > bytes.length || end === at + 2) throw new RangeError("a metadata block is cut off");
    const stored = bytes.subarray(at + 2, end);
    const isStored = (header & STORED_METADATA) !== 0;
    const part = isStored ? stored : zstdDecompressSync(stored, { maxOutputLength: METADATA_SIZE });
    length += part.length;
    if (length > MOST) throw new RangeError("a table is too large");
    parts.push(part);
    at = end;
  }
  return Buffer.concat(parts);
}
