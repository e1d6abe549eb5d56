import type { HeldRange } from "../../bytes/byte-range.ts";
import { readAtSync } from "../../bytes/chunk.ts";
import { type Compression, compressionIn } from "../../compression/compression.ts";
import { type Blob, type Digest, parseDigest } from "./blob.ts";

/** A layer in a file, in a form that can be decompressed without another program. */
export interface StoredLayer {
  /** Name for messages. */
  name: string;
  /** The range of the file. The owner of this layer must dispose of it. */
  held: HeldRange;
  compression: Exclude<Compression, "xz" | "bzip2">;
  /** Estimated bytes of the plain tar. */
  likelyLength: number;
  /** Expected digests of the stored bytes and of the plain tar, if they are known. */
  digest: Digest | undefined;
  diffId: Digest | undefined;
}

/**
 * The blob as a stored layer. Undefined if it is not in a file or does not match its manifest; reading it as a stream
 * then reports the error.
 */
export function storedLayer(blob: Blob, diffId: Digest | undefined): StoredLayer | undefined {
  const { name, size } = blob;
  let held: HeldRange | undefined;
  try {
    held = blob.hold?.();
    if (held === undefined) return undefined;
    const compression = compressionIn(held);
    const isAsExpected = size === undefined || size === held.length;
    if (isAsExpected && compression !== "xz" && compression !== "bzip2") {
      const likelyLength = plainLength(held, compression);
      const digest = blob.digest === undefined ? undefined : parseDigest(blob.digest);
      return { name, held, compression, likelyLength, digest, diffId };
    }
  } catch {
    // The system reported an error, or the digest cannot be checked.
  }
  held?.[Symbol.dispose]();
  return undefined;
}

/** Estimated length of a plain layer, as a multiple of the compressed one, if no length is recorded. */
const LIKELY_RATIO = 3;

function plainLength({ file, start, length }: HeldRange, compression: StoredLayer["compression"]): number {
  if (compression === "none") return length;
  if (compression === "zstd" || length < 4) return length * LIKELY_RATIO;
  // ISIZE (RFC 1952, 2.3.1): the length of the last member modulo 4 GiB. Most layers have only one member.
  const trailer = Buffer.alloc(4);
  readAtSync(file, { target: trailer, at: start + length - 4 });
  const size = trailer.readUInt32LE(0);
  return size >= length ? size : length * LIKELY_RATIO;
}
