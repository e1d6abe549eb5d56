import { crc32, createInflateRaw, createZstdDecompress } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { inTurns } from "../bytes/chunk.ts";
import { ZstdFrames } from "../compression/zstd-frames.ts";
import { xzStream } from "../lzma/xz.ts";
import { lz4Legacy } from "./lz4.ts";
import { broken, closed } from "./problem.ts";
import { type Follow, pumped } from "./pump.ts";
import type { SegmentFormat } from "./segment.ts";

const CHUNK = 1024 * 1024;
/** Fields that a gzip header may have, by their bit (RFC 1952, section 2.3.1). */
const GZIP = { headerCrc: 2, extra: 4, name: 8, comment: 16 };
/** The most bytes of a name or a comment in a gzip header. */
const MAX_TEXT = 64 * 1024;

/**
 * Decompresses one segment. Afterwards the cursor is at the end of the segment.
 * @throws InitramfsProblem, and any error of the input
 */
export async function* decompressSegment(
  cursor: ByteCursor,
  format: Exclude<SegmentFormat, "cpio">,
): AsyncGenerator<Uint8Array> {
  const place = cursor.position;
  switch (format) {
    case "gzip":
      return yield* gunzipped(cursor, place);
    case "zstd": {
      const frames = new ZstdFrames();
      const follow: Follow = (piece) => ({ length: frames.addFrame(piece), isEnd: frames.isWhole });
      return yield* pumped(cursor, {
        engine: createZstdDecompress({ chunkSize: CHUNK }),
        follow,
        format,
        place,
      });
    }
    case "xz":
      return yield* unxzed(cursor, place);
    case "lz4":
      return yield* lz4Legacy(cursor);
    case "lz4-frame":
      throw broken(
        `has lz4's frame format at byte ${place}, and the kernel reads the legacy format (\`lz4 -l\`)`,
      );
    case "bzip2":
    case "lzma":
    case "lzo":
      throw closed(`is compressed with ${format} at byte ${place}`);
    default:
      return format satisfies never;
  }
}

/** gzip's frame is read here, so that the bytes after it are not consumed. */
async function* gunzipped(cursor: ByteCursor, place: number): AsyncGenerator<Uint8Array> {
  const header = await cursor.read(10);
  const flags = header[3] ?? 0;
  if (flags & GZIP.extra) {
    const [low = 0, high = 0] = await cursor.read(2);
    await cursor.skip(low | (high << 8));
  }
  if (flags & GZIP.name) await passText(cursor, place);
  if (flags & GZIP.comment) await passText(cursor, place);
  if (flags & GZIP.headerCrc) await cursor.skip(2);
  let sum = 0;
  const engine = createInflateRaw({ chunkSize: CHUNK });
  for await (const chunk of pumped(cursor, { engine, follow: undefined, format: "gzip", place })) {
    sum = crc32(chunk, sum);
    yield chunk;
  }
  const trailer = Buffer.from(await cursor.read(8));
  if (trailer.length < 8 || trailer.readUInt32LE() !== sum) {
    throw broken(`has gzip data at byte ${place} that does not have its own checksum`);
  }
}

/** Skips a text that ends in a zero. */
async function passText(cursor: ByteCursor, place: number): Promise<void> {
  for (let passed = 0; passed < MAX_TEXT; passed++) {
    const [byte] = await cursor.read(1);
    if (byte === 0) return;
    if (byte === undefined) break;
  }
  throw broken(`has a gzip header without an end at byte ${place}`);
}

async function* unxzed(cursor: ByteCursor, place: number): AsyncGenerator<Uint8Array> {
  const start = await cursor.read(8);
  cursor.unread(start);
  if (!kernelReadsXz(start)) {
    throw broken(
      `is compressed with xz at byte ${place}, with a check that the kernel does not know (\`--check=crc32\`)`,
    );
  }
  try {
    yield* inTurns(xzStream(cursor));
  } catch (error) {
    if (!(error instanceof DataProblem)) throw error;
    const message = `has xz data at byte ${place} that ${error.message}`;
    throw error.kind === "damaged" ? broken(message) : closed(message);
  }
}

/** Checks that the kernel's decompressor supports: none, and CRC32 (Documentation/staging/xz.rst). */
const KERNEL_CHECKS: readonly number[] = [0, 1];

/** Whether the kernel reads a stream whose header begins with these eight bytes. */
function kernelReadsXz(start: Uint8Array): boolean {
  return KERNEL_CHECKS.includes((start[7] ?? 0) & 15);
}
