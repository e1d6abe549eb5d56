import type { ExternalDecompressor } from "./decompress.ts";
import type { OpenOptions } from "./open-options.ts";

const CHUNKS_AHEAD = 8;

/** Decompresses through the `xz` or `bzip2` program: node's zlib knows neither format. */
export function externalDecompressor(options: Pick<OpenOptions, "runTool" | "signal">): ExternalDecompressor {
  return async function* external(compression, input) {
    const queue = new BoundedQueue(CHUNKS_AHEAD);
    const stop = new AbortController();
    const finished = options
      .runTool({
        argv: [compression, "-dc"],
        signal: AbortSignal.any([options.signal, stop.signal]),
        stdin: input,
        onStdout: (chunk) => queue.put(chunk),
      })
      .then(
        () => queue.end(undefined),
        (error) => queue.end({ error }),
      );
    try {
      for (let chunk = await queue.take(); chunk !== undefined; chunk = await queue.take()) yield chunk;
    } finally {
      stop.abort();
      queue.close();
      await finished;
    }
  };
}

/** Hands chunks from a producer to a consumer, and makes the producer wait when it is too far ahead. */
class BoundedQueue {
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #ended: { failure: { error: unknown } | undefined } | undefined;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async put(chunk: Uint8Array): Promise<void> {
    while (this.#chunks.length >= this.#limit && !this.#closed) await this.#change();
    if (this.#closed) return;
    this.#chunks.push(Uint8Array.from(chunk));
    this.#wake();
  }

  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#wake();
        return chunk;
      }
      if (this.#ended?.failure !== undefined) throw this.#ended.failure.error;
      if (this.#ended !== undefined) return undefined;
      await this.#change();
    }
  }

  end(failure: { error: unknown } | undefined): void {
    this.#ended = { failure };
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
