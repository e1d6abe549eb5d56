import { Threads } from "../../base/threads.ts";
import type { HeldRange } from "../../bytes/byte-range.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import { openMemoryFile } from "../../os/memory-file.ts";
import type { Digest } from "./blob.ts";
import { GrowingStream, Growth } from "./growth.ts";
import type { LayerJob, LayerRequest, LayerResult, Limits } from "./layer-job";
import type { StoredLayer } from "./stored-layer.ts";

/** A layer's plain tar in a file, which stays open until its owner disposes of it. */
export interface PlainLayer extends HeldRange {
  /** Bytes that are there; all of them once {@link isWhole} is known. */
  readonly length: number;
  /** The tar as a stream, which follows the writer. It ends or fails early if the layer cannot be decompressed. */
  open(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** False if decompressing failed for any reason; bytes that were read of the tar are then invalid. */
  readonly isWhole: Promise<boolean>;
  /** Whether the digest is the expected one; true where none is known. */
  readonly isRight: Promise<boolean>;
}

/**
 * Decompresses layers into memory and computes their digests, on a thread for each processor, the first ones first. A plain
 * layer stays where it is.
 */
export class LayerDecompressor implements AsyncDisposable {
  readonly #signal: AbortSignal;
  readonly #limits: Limits;
  readonly #threads = new Threads<LayerRequest, LayerResult | undefined>("image/decompress/layer-thread", {
    ahead: 1,
  });
  readonly #running = new Set<Promise<unknown>>();
  readonly #stop = () => {
    Atomics.store(this.#limits.stopped, 0, 1);
  };

  /** Bytes of memory that no layer counts on yet. */
  #free: number;

  /** `memory` is what all plain layers may take together, in bytes. */
  constructor({ memory, signal }: { memory: number; signal: AbortSignal }) {
    this.#signal = signal;
    this.#free = memory;
    this.#limits = {
      left: new BigInt64Array(new SharedArrayBuffer(8)).fill(BigInt(Math.floor(memory))),
      stopped: new Int32Array(new SharedArrayBuffer(4)),
    };
    signal.addEventListener("abort", this.#stop);
  }

  /**
   * Starts to decompress a layer. Undefined if it does not fit into the limits. `layer` and the result must stay open until
   * this decompressor was disposed of.
   */
  decompress(layer: StoredLayer): PlainLayer | undefined {
    const { held, name, compression, digest, diffId, likelyLength } = layer;
    if (compression === "none") {
      const open = (signal: AbortSignal) => new RangeStream(held, signal);
      // The stored bytes are the plain tar: both digests are theirs.
      const isSame =
        digest !== undefined && digest.algorithm === diffId?.algorithm && digest.hex === diffId.hex;
      const both = [this.#hasDigest(held, digest), isSame || this.#hasDigest(held, diffId)];
      const isRight = Promise.all(both).then((right) => right.every(Boolean));
      return { ...held, open, isWhole: Promise.resolve(true), isRight };
    }
    const target = likelyLength > this.#free ? -1 : openMemoryFile("platter-layer");
    if (target < 0) {
      held[Symbol.dispose]();
      return undefined;
    }
    this.#free -= likelyLength;
    const file = OpenFile.of(target, `${name}, in memory`);
    const growth = new Growth();
    const job = { source: sourceOf(held), compression, target, growth: growth.shared };
    const decompressing = this.#ask({ action: "decompress", ...job, algorithm: diffId?.algorithm });
    const isRight = this.#hasDigest(held, digest);
    this.#track(Promise.all([decompressing, isRight]).then(() => held[Symbol.dispose]()));
    return {
      file,
      start: 0,
      get length() {
        return growth.length;
      },
      open: (signal) => new GrowingStream(file, { growth, signal }),
      isWhole: decompressing.then((result) => {
        growth.end();
        const isWhole = result !== undefined && result.digest === diffId?.hex;
        // Its memory is for others now.
        if (!isWhole) file.closeBeside();
        return isWhole;
      }),
      isRight,
      [Symbol.dispose]: () => file.closeBeside(),
    };
  }

  /** Also true without an expected digest. */
  async #hasDigest(held: HeldRange, digest: Digest | undefined): Promise<boolean> {
    if (digest === undefined) return true;
    const { algorithm, hex } = digest;
    return (await this.#ask({ action: "digest", source: sourceOf(held), algorithm }))?.digest === hex;
  }

  #ask(job: LayerJob): Promise<LayerResult | undefined> {
    // If the thread ended, the layer is read as a stream, which does not need a thread.
    const asked = this.#threads.ask({ job, limits: this.#limits }).catch(() => undefined);
    return this.#track(asked);
  }

  #track<T>(run: Promise<T>): Promise<T> {
    this.#running.add(run);
    return run;
  }

  /** Stops what is under way. What was decompressed stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    // A thread that still wrote would do so into whatever file has the descriptor by then.
    await Promise.all(this.#running);
    this.#signal.removeEventListener("abort", this.#stop);
    this.#threads[Symbol.dispose]();
  }
}

function sourceOf({ file, start, length }: HeldRange): LayerJob["source"] {
  return { fd: file.fd, start, length };
}
