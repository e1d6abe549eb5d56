/** Single metadata blocks of a squashfs, read on demand (squashfs.rst, "Metadata"). */
import { inflateSync, zstdDecompressSync } from "node:zlib";
import { viewOf } from "../bytes/fields.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { METADATA_SIZE, STORED_METADATA } from "../squashfs/blocks/format.ts";

export type Decompress = (
  bytes: Uint8Array,
  limits: { maxOutputLength: number; chunkSize?: number },
) => Uint8Array;

/** The default chunks are larger than a metadata block, and would stay in memory until the next garbage collection. */
const LIMITS = { maxOutputLength: METADATA_SIZE, chunkSize: METADATA_SIZE };

const DECOMPRESS: Readonly<Record<string, Decompress>> = {
  gzip: inflateSync,
  zstd: zstdDecompressSync,
};

/** Decompresses a block of a squashfs. Undefined for a compressor that platter does not have. */
export function decompressorOf(compressor: string): Decompress | undefined {
  return Object.hasOwn(DECOMPRESS, compressor) ? DECOMPRESS[compressor] : undefined;
}

/**
 * The content of the metadata block at the start of `bytes`, and its length in bytes with its header.
 * @throws RangeError if it is damaged
 */
export function metadataBlockAt(
  bytes: Uint8Array,
  decompress: Decompress,
): { content: Uint8Array; length: number } {
  if (bytes.length < 2) throw new RangeError("a metadata block is missing");
  const header = viewOf(bytes).getUint16(0, true);
  const length = 2 + (header & (STORED_METADATA - 1));
  if (length === 2 || bytes.length < length) throw new RangeError("a metadata block is cut off");
  const stored = bytes.subarray(2, length);
  if ((header & STORED_METADATA) !== 0) return { content: stored, length };
  try {
    return { content: decompress(stored, LIMITS), length };
  } catch {
    throw new RangeError("a metadata block cannot be decompressed");
  }
}

/** A squashfs whose metadata can be read at any place. */
export class MetadataReader {
  readonly #source: ByteSource;
  readonly #decompress: Decompress;
  /** Blocks by their place: samples often share them. */
  readonly #blocks = new Map<number, { content: Uint8Array; next: number }>();

  /** Undefined for a compressor that platter does not have. */
  static open(source: ByteSource, compressor: string): MetadataReader | undefined {
    const decompress = decompressorOf(compressor);
    return decompress && new MetadataReader(source, decompress);
  }

  private constructor(source: ByteSource, decompress: Decompress) {
    this.#source = source;
    this.#decompress = decompress;
  }

  /**
   * `length` bytes from byte `at` on, counted from the start of the block at `place` over the blocks after it.
   * @throws RangeError if a block is damaged, or the squashfs ends before
   */
  async read(place: number, { at, length }: { at: number; length: number }): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let missing = length;
    let start = at;
    for (let block = place; missing > 0; ) {
      const { content, next } = await this.#block(block);
      if (content.length === 0) throw new RangeError("a metadata block is empty");
      const part = content.subarray(start, start + missing);
      parts.push(part);
      missing -= part.length;
      start = Math.max(0, start - content.length);
      block = next;
    }
    return Buffer.concat(parts);
  }

  async #block(place: number): Promise<{ content: Uint8Array; next: number }> {
    const known = this.#blocks.get(place);
    if (known !== undefined) return known;
    const bytes = Uint8Array.from(await this.#source.read(place, 2 + METADATA_SIZE));
    const { content, length } = metadataBlockAt(bytes, this.#decompress);
    const block = { content, next: place + length };
    this.#blocks.set(place, block);
    return block;
  }
}
