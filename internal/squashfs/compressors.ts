import { availableParallelism } from "node:os";
import { Threads } from "../threads.ts";
import type { CodecOptions } from "./codec.ts";

/**
 * Blocks that may wait for each processor: enough that none has nothing to do while the main thread does something else,
 * such as looking into the initramfs. Where so many would take more than some megabytes, fewer will do.
 */
const WAITING = { least: 3, most: 8, bytes: 64 * 1024 * 1024 };

/** How many blocks of so many bytes may be on their way through the threads. */
export function blocksAtATime(blockSize: number): number {
  const { least, most, bytes } = WAITING;
  const processors = availableParallelism();
  return Math.max(processors * least, Math.min(processors * most, bytes / blockSize));
}

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
