import type { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import { PlatterError } from "../base/error.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { ByteCursor } from "../bytes/byte-cursor.ts";
import type { FileRange } from "../bytes/byte-range.ts";
import { inTurns, readAtSync } from "../bytes/chunk.ts";
import { bzip2Streams } from "../bzip2/bzip2.ts";
import { xzStreams } from "../lzma/xz.ts";
import { ZstdFrames } from "./zstd-frames.ts";

export type Compression = "gzip" | "zstd" | "xz" | "bzip2" | "none";

/**
 * Bytes of one output chunk, and bytes buffered before and after the engine's thread, which keep it busy while this thread
 * does other work. If many layers are open, smaller buffers save memory.
 */
const PIECES = {
  few: { chunkSize: 1024 * 1024, highWaterMark: 2 * 1024 * 1024 },
  many: { chunkSize: 256 * 1024, highWaterMark: 256 * 1024 },
};
/** Streams that may be open together with large buffers. */
const FEW = 4;

let open = 0;

/**
 * Bytes of output after which the garbage collector is called if many streams are open. It does not count buffers, and 130
 * open layers took 600 MB instead of 425.
 */
const COLLECT_AFTER = 128 * 1024 * 1024;

let sinceCollection = 0;

/** How many bytes tell a compression. */
const MAGIC_LENGTH = 4;

/** What the first bytes of a stream say; media types and file names lie. */
export function compressionOf(start: Uint8Array): Compression {
  const [a, b, c, d] = start;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  // A zstd stream may begin with a skippable frame, as seekable writers do.
  if (a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return "zstd";
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58) return "xz";
  if (a === 0x42 && b === 0x5a && c === 0x68) return "bzip2";
  return "none";
}

/** The compression of a range of a file. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export function compressionIn({ file, start, length }: FileRange): Compression {
  const magic = new Uint8Array(Math.min(MAGIC_LENGTH, length));
  readAtSync(file, { target: magic, at: start });
  return compressionOf(magic);
}

/** What a stream may decompress to: so many bytes, or so many times its own length, whichever is more. */
interface ExpansionLimit {
  bytes: number;
  ratio: number;
}

/** gzip compresses to a 1,032nd at best, and real layers to a twentieth; uncompressed layers have no limit. */
const EXPANSION: ExpansionLimit = { bytes: 16 * 1024 ** 3, ratio: 200 };

/**
 * The stream decompressed, by its first bytes. Reads its input to the end, also what stands behind the last frame.
 * `name` names the stream in errors.
 * @throws PlatterError `E_BLOB_CORRUPT`, `E_BLOB_EXPANSION`, `E_COMPRESSION_UNKNOWN`, `E_INTERRUPTED`; any error of the
 * input
 */
export async function* decompressed(
  input: AsyncIterable<Uint8Array>,
  options: {
    name: string;
    /** Checked for each piece of the result: a short input can have a very long one. */
    signal?: AbortSignal | undefined;
    /** Other values are for tests. */
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

/** At least as many as tell the compression, if there are as many. */
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

async function* inflated(
  input: AsyncIterable<Uint8Array>,
  create: (options: typeof PIECES.few) => Transform,
  options: { name: string; frames?: ZstdFrames },
): AsyncGenerator<Uint8Array> {
  const consumer = { isGone: false };
  const engine = create(open++ < FEW ? PIECES.few : PIECES.many);
  const feeding = feed(input, engine, { consumer, frames: options.frames });
  try {
    for await (const chunk of engine as AsyncIterable<Uint8Array>) {
      yield chunk;
      sinceCollection += chunk.length;
      if (open <= FEW || sinceCollection < COLLECT_AFTER) continue;
      sinceCollection = 0;
      Bun.gc(true);
    }
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
    if (options.frames?.isWhole === false) throw corrupt(options.name, new Error("it ends in the middle"));
  } catch (cause) {
    consumer.isGone = true;
    engine.destroy();
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
    throw cause instanceof PlatterError ? cause : corrupt(options.name, cause as Error);
  } finally {
    open--;
    consumer.isGone = true;
    engine.destroy();
    await feeding;
  }
}

/** Gives the engine its input, and reads on when it has had enough; tells what went wrong with the input. */
async function feed(
  input: AsyncIterable<Uint8Array>,
  engine: Transform,
  options: { consumer: { readonly isGone: boolean }; frames: ZstdFrames | undefined },
): Promise<{ error: unknown } | undefined> {
  const events = ["drain", "end", "error", "close"];
  let wake = () => {};
  const onEvent = () => wake();
  for (const event of events) engine.on(event, onEvent);
  try {
    for await (const chunk of input) {
      if (options.consumer.isGone) break;
      options.frames?.add(chunk);
      // What stands behind the last member is not the engine's.
      if (engine.readableEnded || engine.destroyed || engine.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (!engine.writableNeedDrain || engine.destroyed || engine.readableEnded) resolve();
      });
    }
    if (!engine.destroyed) engine.end();
    return undefined;
  } catch (error) {
    engine.destroy();
    return { error };
  }
}

function corrupt(name: string, cause: Error): PlatterError {
  if (/too much memory/.test(cause.message)) return tooWide(name, cause);
  return new PlatterError({
    code: "E_BLOB_CORRUPT",
    kind: "contract",
    message: `Cannot decompress ${name}: ${cause.message}`,
    hint: "Fetch or write the image again.",
    cause,
  });
}

/** zstd's decoder takes windows of up to 128 MiB (RFC 8878, section 3.1.1.1.2, recommends 8). */
function tooWide(name: string, cause: Error): PlatterError {
  return new PlatterError({
    code: "E_COMPRESSION_WINDOW",
    kind: "contract",
    message: `Cannot read ${name}: it was compressed with a window of more than 128 MiB, as \`zstd --long=31\` does`,
    hint: "Compress it again without `--long`.",
    cause,
  });
}

function expansion(name: string, { bytes, ratio }: ExpansionLimit): PlatterError {
  return new PlatterError({
    code: "E_BLOB_EXPANSION",
    kind: "contract",
    message: `Cannot use ${name}: it decompresses to more than ${bytes} bytes and more than ${ratio} times its length`,
    hint: "Store it uncompressed if this is right: an uncompressed archive or layer has no limit.",
  });
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

function unsupported(
  name: string,
  { compression, problem }: { compression: Compression; problem: DataProblem },
): PlatterError {
  return new PlatterError({
    code: "E_COMPRESSION_UNKNOWN",
    kind: "contract",
    message: `Cannot decompress ${name} with ${compression}: it ${problem.message}`,
    hint: "Compress it with gzip or zstd, or not at all.",
    cause: problem,
  });
}
