import type { ByteRange } from "../../bytes/byte-range.ts";
import { READ_SIZE, readAtSync, writeAtSync } from "../../bytes/chunk.ts";
import type { DigestAlgorithm } from "./blob.ts";

/** A range of a file. All threads share the descriptors of the process. */
interface Source extends ByteRange {
  fd: number;
}

/** The work for one stored layer. */
export type LayerJob = {
  source: Source;
  /** Whether the source counts as progress. A layer that is read twice counts once. */
  progress: "counts" | "does-not-count";
} & (
  | { action: "digest"; algorithm: DigestAlgorithm }
  | {
      action: "decompress";
      compression: "gzip" | "zstd";
      /** Descriptor of the file for the plain tar, which is written from its beginning. */
      target: number;
      /** Algorithm for the plain tar's digest. Undefined if no digest is needed. */
      algorithm: DigestAlgorithm | undefined;
    }
);

/** Values that all threads read and change, in shared memory. */
export interface Limits {
  /** One number: the bytes that all targets together may still use. */
  left: BigInt64Array<SharedArrayBuffer>;
  /** One number: 1 if no more results are needed. */
  stopped: Int32Array<SharedArrayBuffer>;
  /** One number: the bytes that were read from the sources that count. */
  read: BigInt64Array<SharedArrayBuffer>;
}

/** The message to a thread. */
export interface LayerRequest {
  job: LayerJob;
  limits: Limits;
}

export interface LayerResult {
  /** Bytes of the result. */
  length: number;
  /** The result's digest in hexadecimal. Undefined if it was not requested. */
  digest: string | undefined;
}

/**
 * Decompresses a range of a file into another file, or computes its digest. Undefined if that fails for any
 * reason: the limit is reached, data is damaged, or the result is not needed any more. Then the bytes taken from the limit
 * are returned, and the target is not usable.
 */
export async function runLayerJob(job: LayerJob, limits: Limits): Promise<LayerResult | undefined> {
  const hasher = job.algorithm && new Bun.CryptoHasher(job.algorithm);
  let length = 0;
  try {
    if (job.action === "digest") {
      for (const piece of piecesOf(job, limits)) hasher?.update(piece);
      length = job.source.length;
    } else {
      for await (const piece of decompressed(job, limits)) {
        hasher?.update(piece);
        length += piece.length;
        const left = Atomics.sub(limits.left, 0, BigInt(piece.length));
        if (left < piece.length) throw new Error("the limit is reached");
        writeAtSync(job.target, piece, length - piece.length);
      }
    }
    return { length, digest: hasher?.digest("hex") };
  } catch {
    Atomics.add(limits.left, 0, BigInt(length));
    return undefined;
  }
}

/** The bytes of the source in pieces. Each piece is valid until the next. */
function* piecesOf({ source, progress }: LayerJob, limits: Limits): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(READ_SIZE);
  for (let done = 0; done < source.length; ) {
    if (Atomics.load(limits.stopped, 0) !== 0) throw new Error("nothing more is wanted");
    const piece = buffer.subarray(0, source.length - done);
    readAtSync({ fd: source.fd, path: "the layer" }, { target: piece, at: source.start + done });
    done += piece.length;
    if (progress === "counts") Atomics.add(limits.read, 0, BigInt(piece.length));
    yield piece;
  }
}

/** Bytes in one write to the engine. The output for so few bytes stays in the processor's cache. */
const PIECE = 64 * 1024;

async function* decompressed(
  job: LayerJob & { action: "decompress" },
  limits: Limits,
): AsyncGenerator<Uint8Array> {
  const engine = new DecompressionStream(job.compression);
  const input = engine.writable.getWriter();
  const feeding = feed(input, piecesOf(job, limits));
  // Without an abort the engine's output would not end. The error is thrown where `feeding` is awaited.
  feeding.catch((error) => input.abort(error).catch(() => undefined));
  yield* engine.readable;
  await feeding;
}

async function feed(
  input: Pick<WritableStreamDefaultWriter, "write" | "close">,
  pieces: Iterable<Uint8Array<ArrayBuffer>>,
): Promise<void> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE) await input.write(piece.subarray(at, at + PIECE));
  }
  await input.close();
}
