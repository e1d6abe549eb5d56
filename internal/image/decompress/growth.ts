import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../base/interrupt.ts";
import type { SkippableBytes } from "../../bytes/byte-cursor.ts";
import { READ_SIZE, readAtSync } from "../../bytes/chunk.ts";
import type { OpenFile } from "../../bytes/open-file.ts";

/** Bytes that a file has so far, as the only number, in memory that threads share. */
export type SharedLength = BigInt64Array<SharedArrayBuffer>;

/** Bytes after which readers are told: waking one costs more than writing a few. */
const TOLD_AFTER = 1024 * 1024;

/** Tells readers how far a file has come, for the thread that writes it. */
export class GrowthTeller {
  readonly #shared: SharedLength;
  #told = 0;

  constructor(shared: SharedLength) {
    this.#shared = shared;
  }

  tell(length: number): void {
    if (length - this.#told >= TOLD_AFTER) this.finish(length);
  }

  finish(length: number): void {
    this.#told = length;
    Atomics.store(this.#shared, 0, BigInt(length));
    Atomics.notify(this.#shared, 0);
  }
}

/** How far a file has come that a thread writes, from its beginning on. */
export class Growth {
  readonly shared: SharedLength = new BigInt64Array(new SharedArrayBuffer(8));
  #isEnded = false;

  /** Bytes that are there. */
  get length(): number {
    return Number(Atomics.load(this.shared, 0));
  }

  /** No more will come. */
  end(): void {
    this.#isEnded = true;
    Atomics.notify(this.shared, 0);
  }

  /** Waits until so many bytes are there, or no more will come. */
  async reaches(length: number): Promise<void> {
    for (;;) {
      const now = Atomics.load(this.shared, 0);
      if (now >= length || this.#isEnded) return;
      const change = Atomics.waitAsync(this.shared, 0, now);
      if (change.async) await change.value;
    }
  }
}

/** A file that is still being written as a stream of fresh chunks. What is there already can be skipped over. */
export class GrowingStream implements SkippableBytes {
  readonly #file: OpenFile;
  readonly #growth: Growth;
  readonly #signal: AbortSignal;
  #at = 0;

  constructor(file: OpenFile, { growth, signal }: { growth: Growth; signal: AbortSignal }) {
    this.#file = file;
    this.#growth = growth;
    this.#signal = signal;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    // Where nothing must be waited for, nothing else would have its turn.
    if (this.#growth.length >= this.#at + READ_SIZE) await setImmediate();
    else await this.#growth.reaches(this.#at + READ_SIZE);
    throwIfAborted(this.#signal, "the reading of the image");
    const length = Math.min(READ_SIZE, this.#growth.length - this.#at);
    if (length <= 0) return { done: true, value: undefined };
    const buffer = Buffer.allocUnsafeSlow(length);
    readAtSync(this.#file, { target: buffer, at: this.#at });
    this.#at += length;
    return { done: false, value: buffer };
  }

  skip(length: number): number {
    const skipped = Math.max(0, Math.min(length, this.#growth.length - this.#at));
    this.#at += skipped;
    return skipped;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
