import { zstdDecompressSync } from "node:zlib";
import { metadataBlockAt } from "../verify/squashfs-metadata.ts";

/** Most bytes of a table. The inodes of two million files have fewer. */
const MOST = 256 * 1024 * 1024;

/**
 * The content of consecutive metadata blocks that are compressed with zstd (squashfs.rst, "Metadata").
 * @throws RangeError if they are damaged, or larger than the limit
 */
export function metadataContent(bytes: Buffer): Buffer {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length; ) {
    const { content, length } = metadataBlockAt(bytes.subarray(at), zstdDecompressSync);
    total += content.length;
    if (total > MOST) throw new RangeError("a table is too large");
    parts.push(content);
    at += length;
  }
  return Buffer.concat(parts);
}
