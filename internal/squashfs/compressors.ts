import { availableParallelism } from "node:os";
import { machineError } from "../machine-error.ts";
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

interface Waiting {
  resolve: (block: PackedBlock) => void;
  reject: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  /** What it was given, in the order in which it answers. */
  waiting: Waiting[];
}

/** Where the compiled binary keeps the thread's program: not a path of the host's, which anybody could put one at. */
const EMBEDDED = "/$bunfs/root/internal/squashfs/compress-thread.js";

/**
 * Compresses blocks on threads of its own, one for each processor. The pool that Bun reads files and inflates with would
 * let everything else wait behind the blocks.
 */
export class Compressors implements Disposable {
  readonly #options: CodecOptions;
  readonly #threads: Thread[] = [];

  constructor(options: CodecOptions) {
    this.#options = options;
    // It starts up while the first block is read.
    this.#start();
  }

  /** Takes the buffer's first `length` bytes; the buffer is gone until it comes back with the result. */
  pack(data: Uint8Array<ArrayBuffer>, length: number): Promise<PackedBlock> {
    const { compression, level } = this.#options;
    const request: PackRequest = { data, length, options: { compression, level } };
    const thread = this.#thread();
    const { promise, ...waiting } = Promise.withResolvers<PackedBlock>();
    thread.waiting.push(waiting);
    thread.worker.postMessage(request, [data.buffer]);
    return promise;
  }

  /** Only once nothing is being compressed. */
  [Symbol.dispose](): void {
    for (const { worker } of this.#threads) worker.terminate();
  }

  /** The one with the least to do, or another one as long as there are processors. */
  #thread(): Thread {
    const idlest = this.#threads.reduce((best, each) =>
      each.waiting.length < best.waiting.length ? each : best,
    );
    if (idlest.waiting.length > 0 && this.#threads.length < availableParallelism()) return this.#start();
    return idlest;
  }

  #start(): Thread {
    const program = Bun.main.startsWith("/$bunfs/")
      ? EMBEDDED
      : new URL("./compress-thread.ts", import.meta.url);
    const thread: Thread = { worker: new Worker(program), waiting: [] };
    thread.worker.onmessage = ({ data }: MessageEvent<PackedBlock>) => thread.waiting.shift()?.resolve(data);
    thread.worker.onerror = ({ message }) => {
      const error = machineError(new Error(message), {
        code: "E_THREAD",
        message: "A thread that compresses ended",
      });
      for (const { reject } of thread.waiting.splice(0)) reject(error);
    };
    this.#threads.push(thread);
    return thread;
  }
}
