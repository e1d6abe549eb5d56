import { Threads } from "../base/threads.ts";
import type { CodecOptions } from "./codec.ts";

/** Sent to a thread: the first bytes of a buffer are to be compressed. The buffer goes along, and comes back. */
export interface PackRequest {
  data: Uint8Array<ArrayBuffer>;
  length: number;
  options: CodecOptions;
}

export interface PackedBlock {
  data: Uint8Array<ArrayBuffer>;
  /** Undefined where it would not be shorter. */
  packed: Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Compresses blocks on threads of its own. The pool that Bun reads files and inflates with would let everything else wait
 * behind the blocks.
 */
export class Compressors implements Disposable {
  readonly #options: CodecOptions;
  readonly #threads = new Threads<PackRequest, PackedBlock>("squashfs/compress-thread", {
    ahead: Number.POSITIVE_INFINITY,
  });

  constructor(options: CodecOptions) {
    this.#options = options;
    // It starts up while the first block is read.
    this.#threads.warmUp();
  }

  /** Takes the buffer's first `length` bytes; the buffer is gone until it comes back with the result. */
  pack(data: Uint8Array<ArrayBuffer>, length: number): Promise<PackedBlock> {
    const { compression, level } = this.#options;
    return this.#threads.ask({ data, length, options: { compression, level } }, [data.buffer]);
  }

  /** Only once nothing is being compressed. */
  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }
}
