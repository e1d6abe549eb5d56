import { checksumOf } from "../squashfs/blocks/block-table.ts";
import { digestOf } from "../squashfs/blocks/compressors.ts";
import { STORED_BLOCK } from "../squashfs/blocks/format.ts";
import { partsOf } from "../squashfs/blocks/fragment-digest.ts";
import { storedBytes } from "../squashfs/blocks/stored-block.ts";
import { decompressorOf } from "../verify/squashfs-metadata.ts";
import type { BlockDigest, DigestAnswer, DigestRequest, WantedBlock } from "./digest-request.ts";

/** The start of a zstd frame (RFC 8878, 3.1.1). A zlib stream, which gzip has in a squashfs, begins with other bytes. */
const ZSTD_FRAME = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

export function digestsOf({ fd, blocks }: DigestRequest): DigestAnswer {
  const digests: BlockDigest[] = [];
  for (const block of blocks) {
    const stored = storedBytes({ fd, ...block });
    const content = stored && contentOf(stored, block);
    if (stored === undefined || content?.length !== block.size) return "damaged";
    const parts = block.parts && partsOf(block.parts);
    digests.push({ digest: digestOf(content, parts ?? "wanted")!, checksum: checksumOf(stored) });
  }
  return digests;
}

/** The content of a block's stored bytes. Undefined if they cannot be decompressed to at most `size` bytes. */
export function contentOf(
  stored: Uint8Array,
  { length, size }: Pick<WantedBlock, "length" | "size">,
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
