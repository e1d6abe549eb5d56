import { constants, deflateSync, zstdCompressSync } from "node:zlib";
import type { CompressionOptions } from "./compression.ts";
import { FLAG, METADATA_SIZE, type SquashfsCompressor, STORED_METADATA } from "./format.ts";

/** What compresses the parts of a squashfs; a part that becomes no shorter is stored as it is. */
export interface Codec {
  compressor: SquashfsCompressor;
  /** Flags of the superblock that say what is not compressed. */
  flags: number;
  /** The compressor's options as they stand behind the superblock; undefined where they are the usual ones. */
  options: Buffer | undefined;
  /** Compresses a block; undefined where nothing is compressed at all. */
  pack: ((data: Uint8Array) => Uint8Array) | undefined;
}

/** What a codec is made of. */
export type CodecOptions = Pick<CompressionOptions, "compression" | "level">;

/** The codec of a compression; undefined for those that only an erofs can have. */
export function codecOf({ compression, level }: CodecOptions): Codec | undefined {
  switch (compression) {
    case "zstd":
      return zstd(level ?? ZSTD_LEVEL);
    case "gzip":
      return gzip(level ?? GZIP_LEVEL);
    case "none":
      return none;
    case "xz":
    case "lz4":
      return undefined;
    default:
      return compression satisfies never;
  }
}

/** Raised when the same content is compressed to other bytes than before by the same library. */
const CODEC = 1;

/** A text for everything that decides the bytes of a compressed block besides its content. */
export function codecIdentity({ compression, level }: CodecOptions): string {
  const { zstd, zlib } = process.versions;
  // Of zlib there are versions that use instructions which only some processors have.
  const library = compression === "gzip" ? [zlib, process.arch] : [zstd];
  return JSON.stringify([CODEC, compression, level, ...library]);
}

/** The levels that a squashfs without options says it was compressed with. */
export const ZSTD_LEVEL = 15;
const GZIP_LEVEL = 9;
/** The logarithm of deflate's window in a squashfs without options. */
const GZIP_WINDOW = 15;

function zstd(level: number): Codec {
  const options = Buffer.alloc(4);
  options.writeUInt32LE(level, 0);
  return {
    compressor: "zstd",
    flags: 0,
    options: level === ZSTD_LEVEL ? undefined : options,
    pack: (data) => packZstd(data, level),
  };
}

/** Where a smaller table saves more than asking for it costs. */
const SMALLER_TABLE = { level: 6, length: 128 * 1024 };

/**
 * A frame of Zstandard. The library's hash table has twice as many entries as a block of this length has bytes, and is
 * emptied for each. With half as many as bytes it stays in the processor's cache: a tenth to a quarter of the time less,
 * for about 0.1 % more bytes.
 */
function packZstd(data: Uint8Array, level: number): Uint8Array {
  const { length } = data;
  if (level < SMALLER_TABLE.level || length < SMALLER_TABLE.length)
    return Bun.zstdCompressSync(data, { level });
  const packed = zstdCompressSync(data, {
    // What a block that becomes no shorter may need (ZSTD_compressBound in zstd.h), and a byte that is left over.
    chunkSize: length + (length >> 8) + 1,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_hashLog]: Math.ceil(Math.log2(length)) - 1,
    },
  });
  // Behind it is the whole of the chunk.
  return new Uint8Array(packed);
}

function gzip(level: number): Codec {
  const options = Buffer.alloc(8);
  options.writeUInt32LE(level, 0);
  options.writeUInt16LE(GZIP_WINDOW, 4);
  return {
    compressor: "gzip",
    flags: 0,
    options: level === GZIP_LEVEL ? undefined : options,
    pack: (data) => deflateSync(data, { level }),
  };
}

/** A squashfs always names a compressor; gzip is the one that every reader knows. */
const none: Codec = {
  compressor: "gzip",
  flags: FLAG.plainInodes | FLAG.plainData | FLAG.plainFragments | FLAG.plainXattrs | FLAG.plainIds,
  options: undefined,
  pack: undefined,
};

/** A metadata block as it is stored: its length, then what is in it. */
export function metadataBlock(data: Uint8Array, codec: Codec | undefined): Buffer {
  if (data.length > METADATA_SIZE) throw new RangeError(`a metadata block of ${data.length} bytes`);
  const packed = codec?.pack?.(data);
  const isPacked = packed !== undefined && packed.length < data.length;
  const stored = isPacked ? packed : data;
  const block = Buffer.allocUnsafe(2 + stored.length);
  block.writeUInt16LE(stored.length | (isPacked ? 0 : STORED_METADATA), 0);
  block.set(stored, 2);
  return block;
}
