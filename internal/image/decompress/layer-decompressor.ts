import type { OnBytes } from "../../base/progress.ts";
import { Threads } from "../../base/threads.ts";
import type { HeldRange } from "../../bytes/byte-range.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { openMemoryFile } from "../../os/memory-file.ts";
import type { Digest } from "./blob.ts";
import type { LayerJob, LayerRequest, LayerResult, Limits } from "./layer-job.ts";
import type { StoredLayer } from "./stored-layer.ts";

/** A layer's plain tar in a file. The file stays open until its owner disposes of it. */
export interface PlainLayer extends HeldRange {
  /** Whether the stored bytes have the expected digest. True without an expected digest. */
  readonly isRight: Promise<boolean>;
}

/** Milliseconds between two calls of `onRead`. */
const INTERVAL = 200;

/**
 * Decompresses layers into memory and computes their digests, on one thread for each processor, in the order of the
 * calls. A plain layer stays in its file.
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

  /** Bytes of memory that are not reserved for a layer. */
  #free: number;

  /** Bytes of the sources that count as progress. */
  #total = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #onRead: OnBytes | undefined;

  /**
   * `memory` is the limit for all plain layers together, in bytes. `onRead` is called at intervals with the bytes that
   * the threads have read of the layers.
   */
  constructor({
    memory,
    signal,
    onRead,
  }: { memory: number; signal: AbortSignal; onRead?: OnBytes | undefined }) {
    this.#signal = signal;
    this.#free = memory;
    this.#onRead = onRead;
    this.#timer = setInterval(
      () => onRead?.(Number(Atomics.load(this.#limits.read, 0)), this.#total),
      INTERVAL,
    );
    this.#limits = {
      left: new BigInt64Array(new SharedArrayBuffer(8)).fill(BigInt(Math.floor(memory))),
      stopped: new Int32Array(new SharedArrayBuffer(4)),
      read: new BigInt64Array(new SharedArrayBuffer(8)),
    };
    signal.addEventListener("abort", this.#stop);
  }

  /**
   * The plain tar of a layer. Undefined if it does not fit into the limits, or if decompressing failed for any reason: the
   * layer is then read as a stream, and that reports the error. Memory is given to layers in the order of the calls.
   * `layer` and the result must stay open until this decompressor was disposed of.
   */
  async decompress(layer: StoredLayer): Promise<PlainLayer | undefined> {
    const { held, name, compression, digest, diffId, likelyLength } = layer;
    if (compression === "none") {
      // The stored bytes are the plain tar, so both digests are of the same bytes.
      const isSame =
        digest !== undefined && digest.algorithm === diffId?.algorithm && digest.hex === diffId.hex;
      const both = [
        this.#hasDigest(held, digest, "counts"),
        isSame || this.#hasDigest(held, diffId, "does-not-count"),
      ];
      const isRight = Promise.all(both).then((right) => right.every(Boolean));
      return { ...held, isRight };
    }
    const target = likelyLength > this.#free ? -1 : openMemoryFile("platter-layer");
    if (target < 0) {
      held[Symbol.dispose]();
      return undefined;
    }
    this.#free -= likelyLength;
    const file = OpenFile.of(target, `${name}, in memory`);
    const job = { source: sourceOf(held), progress: "counts", compression, target } as const;
    const decompressing = this.#ask({ action: "decompress", ...job, algorithm: diffId?.algorithm });
    const isRight = this.#hasDigest(held, digest, "does-not-count");
    this.#track(Promise.all([decompressing, isRight]).then(() => held[Symbol.dispose]()));
    const result = await decompressing;
    if (result !== undefined && result.digest === diffId?.hex) {
      const close = () => file.closeInBackground();
      return { file, start: 0, length: result.length, isRight, [Symbol.dispose]: close };
    }
    // The memory of this layer is now free for other layers.
    file.closeInBackground();
    return undefined;
  }

  /** Whether the range has the digest. True if no digest is expected. */
  async #hasDigest(
    held: HeldRange,
    digest: Digest | undefined,
    progress: LayerJob["progress"],
  ): Promise<boolean> {
    if (digest === undefined) return true;
    const { algorithm, hex } = digest;
    const job = { action: "digest", source: sourceOf(held), progress, algorithm } as const;
    return (await this.#ask(job))?.digest === hex;
  }

  #ask(job: LayerJob): Promise<LayerResult | undefined> {
    // If the thread ended, the layer is read as a stream, which does not need a thread.
    if (job.progress === "counts") this.#total += job.source.length;
    const asked = this.#threads.ask({ job, limits: this.#limits }).catch(() => undefined);
    return this.#track(asked);
  }

  #track<T>(run: Promise<T>): Promise<T> {
    this.#running.add(run);
    return run;
  }

  /** Stops decompressing. Layers that are already decompressed stay usable. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    clearInterval(this.#timer);
    this.#onRead?.(this.#total, this.#total);
    this.#onRead?.(this.#total, this.#total);
    // Wait for the threads: otherwise one could write to another file that has the same descriptor by then.
    await Promise.all(this.#running);
    this.#signal.removeEventListener("abort", this.#stop);
    this.#threads[Symbol.dispose]();
  }
}

function sourceOf({ file, start, length }: HeldRange): LayerJob["source"] {
  return { fd: file.fd, start, length };
}
