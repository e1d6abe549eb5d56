import { zstdDecompressSync } from "node:zlib";
import type { ByteSource } from "../files/byte-source.ts";
import { METADATA_SIZE, type Reference, STORED_METADATA } from "../squashfs/blocks/format.ts";
import { type Decompress, metadataBlockAt } from "../verify/squashfs-metadata.ts";

/** Most bytes of a table's content. The inodes of a million files have fewer. */
const MOST = 64 * 1024 * 1024;
/**
 * Most bytes of a table's content for each byte of the squashfs, so that a small squashfs does not take much memory. A
 * squashfs of nothing but empty files has 6.
 */
const MOST_GROWTH = 16;

interface MetadataOptions {
  limit?: number;
  /** By default that of zstd. */
  decompress?: Decompress | undefined;
}

/** The content of consecutive metadata blocks (squashfs.rst, "Metadata"). */
export class Metadata {
  readonly content: Buffer;
  /** The offset in the content of each block, by its offset in the stored bytes. */
  readonly #blocks = new Map<number, number>();

  /** Reads the blocks between two offsets of a squashfs. @throws RangeError if they are damaged, or too many */
  static async read(
    source: ByteSource,
    { start, end, decompress }: { start: number; end: number; decompress?: Decompress | undefined },
  ): Promise<Metadata> {
    const bytes = await readTable(source, start, end);
    return new Metadata(bytes, { limit: Math.min(MOST, MOST_GROWTH * source.size), decompress });
  }

  /** @throws RangeError if the blocks are damaged, or if that many blocks can have more than `limit` bytes of content */
  constructor(bytes: Buffer, { limit = MOST, decompress = zstdDecompressSync }: MetadataOptions = {}) {
    let count = 0;
    for (let at = 0; at < bytes.length; count++) at += 2 + (bytes.readUInt16LE(at) & (STORED_METADATA - 1));
    if (count * METADATA_SIZE > limit) throw new RangeError("a table is too large");
    const target = Buffer.allocUnsafe(count * METADATA_SIZE);
    let total = 0;
    for (let at = 0; at < bytes.length; ) {
      const { content, length } = metadataBlockAt(bytes.subarray(at), decompress);
      this.#blocks.set(at, total);
      target.set(content, total);
      total += content.length;
      at += length;
    }
    this.content = target.subarray(0, total);
  }

  /** The byte offset in the content. @throws RangeError if a block does not begin there */
  offsetOf({ block, at }: Reference): number {
    const start = this.#blocks.get(block);
    if (start === undefined) throw new RangeError("a reference does not lead to a metadata block");
    return start + at;
  }
}

/** The stored bytes of a table. @throws RangeError if there are too many */
export async function readTable(source: ByteSource, start: number, end: number): Promise<Buffer> {
  if (end - start > MOST) throw new RangeError("a table is too large");
  return Buffer.from(await source.read(start, end - start));
}
