import { zstdDecompressSync } from "node:zlib";
import { checksumOf } from "../squashfs/blocks/block-table.ts";
import { type CodecOptions, codecOf } from "../squashfs/blocks/codec.ts";
import { STORED_BLOCK } from "../squashfs/blocks/format.ts";
import { fragmentDigest } from "../squashfs/blocks/fragment-digest.ts";
import { storedBytes } from "../squashfs/blocks/stored-block.ts";
import type { BlockDigest, DigestRequest, WantedBlock } from "./digest-request.ts";

/** The digests of blocks in the order of the request. Stored bytes that cannot be read or decompressed are `damaged`. */
export function digestsOf(request: Extract<DigestRequest, { kind: "blocks" }>): BlockDigest[] {
  const { fd, blocks, codec } = request;
  return blocks.map((block) => digestOf(block, { fd, codec }));
}

function digestOf(block: WantedBlock, { fd, codec }: { fd: number; codec: CodecOptions }): BlockDigest {
  const { size, parts, check } = block;
  const stored = storedBytes({ fd, ...block });
  const content = stored && contentOf(stored, block);
  if (stored === undefined || content?.length !== size) return "damaged";
  if (check && !isCompressedAs(stored, content, codec)) return "foreign";
  const files = parts?.map((length) => ({ length, digest: undefined }));
  const digest =
    files === undefined ? Bun.CryptoHasher.hash("sha256", content) : fragmentDigest(content, files);
  return { digest, checksum: checksumOf(stored) };
}

function contentOf(stored: Uint8Array, { length, size }: WantedBlock): Uint8Array | undefined {
  if ((length & STORED_BLOCK) !== 0) return stored;
  try {
    return zstdDecompressSync(stored, { maxOutputLength: size, chunkSize: Math.max(64, size) });
  } catch {
    return undefined;
  }
}

/** Whether this build would store the content as these bytes. */
function isCompressedAs(stored: Uint8Array, content: Uint8Array, codec: CodecOptions): boolean {
  const packed = codecOf(codec)?.pack?.(content);
  const expected = packed !== undefined && packed.length < content.length ? packed : content;
  return Buffer.compare(expected, stored) === 0;
}
