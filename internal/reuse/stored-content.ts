import { STORED_BLOCK } from "../squashfs/blocks/format.ts";
import { decompressorOf } from "../verify/squashfs-metadata.ts";

/** The start of a zstd frame (RFC 8878, 3.1.1). A zlib stream, which gzip has in a squashfs, begins with other bytes. */
const ZSTD_FRAME = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/**
 * The content of a block's stored bytes. `length` is in the form of an inode. Undefined if they cannot be decompressed to at
 * most `size` bytes.
 */
export function contentOf(
  stored: Uint8Array,
  { length, size }: { length: number; size: number },
): Uint8Array | undefined {
  if ((length & STORED_BLOCK) !== 0) return stored;
  const isZstd = ZSTD_FRAME.equals(stored.subarray(0, ZSTD_FRAME.length));
  const decompress = decompressorOf(isZstd ? "zstd" : "gzip");
  try {
    return decompress?.(stored, { maxOutputLength: size, chunkSize: Math.max(64, size) });
  } catch {
    return undefined;
  }
}
