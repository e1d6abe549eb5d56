import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../base/interrupt.ts";
import type { SkippableBytes } from "./byte-cursor.ts";
import type { FileRange, OpenedFile } from "./byte-range.ts";
import { READ_SIZE, readAtSync } from "./chunk.ts";

/** Yield to the event loop after this many chunks, so that Ctrl-C is handled. */
const TURN = 16;

/**
 * A range of a file as a stream of new chunks that can be skipped. Chunks are read synchronously: a thread of Bun's pool
 * costs more than a small read, and the decompressor needs that thread.
 */
export class RangeStream implements SkippableBytes {
  readonly #file: OpenedFile;
  readonly #signal: AbortSignal;
  readonly #end: number;
  #at: number;
  #pieces = 0;

  /** @throws from `next`: PlatterError `E_FILE_READ`, `E_FILE_SHRANK`, `E_INTERRUPTED` */
  constructor({ file, start, length }: FileRange, signal: AbortSignal) {
    this.#file = file;
    this.#signal = signal;
    this.#at = start;
    this.#end = start + length;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (++this.#pieces % TURN === 0) await setImmediate();
    throwIfAborted(this.#signal, "the reading of the image");
    const wanted = Math.min(READ_SIZE, this.#end - this.#at);
    if (wanted <= 0) return { done: true, value: undefined };
    const buffer = Buffer.allocUnsafeSlow(wanted);
    readAtSync(this.#file, { target: buffer, at: this.#at });
    this.#at += wanted;
    return { done: false, value: buffer };
  }

  skip(length: number): number {
    const skipped = Math.max(0, Math.min(length, this.#end - this.#at));
    this.#at += skipped;
    return skipped;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#at = this.#end;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
