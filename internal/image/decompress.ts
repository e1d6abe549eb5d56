import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { PlatterError } from "../error.ts";

export type Compression = "gzip" | "zstd" | "xz" | "bzip2" | "none";

/** Size of the pieces that come out: small, since many layers may be open at once. */
const CHUNK = 64 * 1024;

/** Bytes of output after which the garbage collector is called: it takes little notice of buffers. */
const COLLECT_AFTER = 128 * 1024 * 1024;

let sinceCollection = 0;

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

/** Decompresses what node's zlib cannot. */
export type ExternalDecompressor = (
  compression: "xz" | "bzip2",
  input: AsyncIterable<Uint8Array>,
) => AsyncIterable<Uint8Array>;

/**
 * The stream decompressed, by its first bytes. Reads its input to the end, also what stands behind the last frame.
 * `name` names the stream in errors.
 * @throws PlatterError `E_BLOB_CORRUPT`, `E_COMPRESSION_UNKNOWN`, and whatever the input throws
 */
export async function* decompressed(
  input: AsyncIterable<Uint8Array>,
  options: { name: string; external?: ExternalDecompressor | undefined },
): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  try {
    const start = await firstBytes(iterator);
    const whole = rejoined(start, iterator);
    const compression = compressionOf(start);
    switch (compression) {
      case "none":
        return yield* whole;
      case "gzip":
        return yield* inflated(whole, createGunzip({ chunkSize: CHUNK }), options.name);
      case "zstd":
        return yield* inflated(whole, createZstdDecompress({ chunkSize: CHUNK }), options.name);
      case "xz":
      case "bzip2":
        if (options.external === undefined) throw unsupported(compression, options.name);
        return yield* options.external(compression, whole);
      default:
        return compression satisfies never;
    }
  } finally {
    await iterator.return?.();
  }
}

/** At least four bytes, if there are as many. */
async function firstBytes(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < 4) {
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
  engine: Transform,
  name: string,
): AsyncGenerator<Uint8Array> {
  let inputFailure: { error: unknown } | undefined;
  async function* watched() {
    try {
      yield* input;
    } catch (error) {
      inputFailure = { error };
      throw error;
    }
  }
  const source = Readable.from(watched(), { objectMode: true, highWaterMark: 1 });
  const fed = pipeline(source, engine, { end: true }).catch(() => undefined);
  try {
    for await (const chunk of engine as AsyncIterable<Uint8Array>) {
      yield chunk;
      sinceCollection += chunk.length;
      if (sinceCollection < COLLECT_AFTER) continue;
      sinceCollection = 0;
      Bun.gc(true);
    }
    await fed;
  } catch (cause) {
    if (inputFailure !== undefined) throw inputFailure.error;
    throw new PlatterError({
      code: "E_BLOB_CORRUPT",
      kind: "contract",
      message: `${name} cannot be decompressed: ${(cause as Error).message}.`,
      hint: "Fetch or write the image again.",
      cause,
    });
  } finally {
    engine.destroy();
    source.destroy();
  }
}

function unsupported(compression: string, name: string): PlatterError {
  return new PlatterError({
    code: "E_COMPRESSION_UNKNOWN",
    kind: "contract",
    message: `${name} is compressed with ${compression}, which platter cannot read here.`,
    hint: "Compress it with gzip or zstd, or not at all.",
  });
}
