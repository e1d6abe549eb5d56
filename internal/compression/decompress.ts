import { createGunzip, createZstdDecompress } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { ByteCursor } from "../bytes/byte-cursor.ts";
import { inTurns } from "../bytes/chunk.ts";
import { bzip2Streams } from "../bzip2/bzip2.ts";
import { xzStreams } from "../lzma/xz.ts";
import { type Compression, compressionOf, MAGIC_LENGTH } from "./compression.ts";
import { corrupt, type ExpansionLimit, expansion, unsupported } from "./compression-error.ts";
import { inflated } from "./inflate.ts";
import { ZstdFrames } from "./zstd-frames.ts";

/**
 * gzip compresses by a factor of at most 1,032, and real layers by about twenty. Uncompressed layers do not have a
 * limit.
 */
const EXPANSION: ExpansionLimit = { bytes: 16 * 1024 ** 3, ratio: 200 };

/**
 * The stream decompressed, by its first bytes. Reads its input to the end, including bytes after the last frame. `name`
 * names the stream in errors.
 * @throws PlatterError `E_BLOB_CORRUPT`, `E_BLOB_EXPANSION`, `E_COMPRESSION_UNKNOWN`, `E_INTERRUPTED`; any error of the
 * input
 */
export async function* decompressed(
  input: AsyncIterable<Uint8Array>,
  options: {
    name: string;
    /** Checked for each piece of the result: a short input can have a very long result. */
    signal?: AbortSignal | undefined;
    /** Only tests set this limit. */
    limit?: ExpansionLimit;
  },
): AsyncGenerator<Uint8Array> {
  const { name, signal, limit = EXPANSION } = options;
  const iterator = input[Symbol.asyncIterator]();
  try {
    const start = await firstBytes(iterator);
    const compression = compressionOf(start);
    if (compression === "none") return yield* rejoined(start, iterator);
    const stored = { length: 0 };
    const whole = counted(rejoined(start, iterator), stored);
    let length = 0;
    for await (const chunk of expanded(compression, whole, options)) {
      throwIfAborted(signal, "the reading of the image");
      length += chunk.length;
      if (length > limit.bytes && length > stored.length * limit.ratio) throw expansion(name, limit);
      yield chunk;
    }
  } finally {
    await iterator.return?.();
  }
}

/** The same chunks; their length so far is in `stored`. */
async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  stored: { length: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    stored.length += chunk.length;
    yield chunk;
  }
}

async function* expanded(
  compression: Exclude<Compression, "none">,
  whole: AsyncIterable<Uint8Array>,
  options: { name: string },
): AsyncGenerator<Uint8Array> {
  switch (compression) {
    case "gzip":
      return yield* inflated(whole, createGunzip, { name: options.name });
    case "zstd":
      return yield* inflated(whole, createZstdDecompress, {
        name: options.name,
        frames: new ZstdFrames(),
      });
    case "xz":
      return yield* judged(xzStreams(new ByteCursor(whole)), { ...options, compression });
    case "bzip2":
      return yield* judged(bzip2Streams(new ByteCursor(whole)), { ...options, compression });
    default:
      return compression satisfies never;
  }
}

/** At least as many bytes as identify the compression, unless the stream is shorter. */
async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < MAGIC_LENGTH) {
    const next = await iterator.next();
    if (next.done === true) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  return start;
}

async function* rejoined(start: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Names the stream in errors about its content, and gives the event loop a turn: decompressing takes long. */
async function* judged(
  content: AsyncIterable<Uint8Array>,
  { name, compression }: { name: string; compression: Compression },
): AsyncGenerator<Uint8Array> {
  try {
    yield* inTurns(content);
  } catch (error) {
    if (!(error instanceof DataProblem)) throw error;
    const cause = new Error(`it ${error.message}`, { cause: error });
    throw error.kind === "damaged"
      ? corrupt(name, cause)
      : unsupported(name, { compression, problem: error });
  }
}
