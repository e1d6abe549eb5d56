/** Passes a stream of bytes through, and keeps them until they are taken or forgotten by their offset in the stream. */
export class Tape implements AsyncIterable<Uint8Array> {
  /** Bytes that have passed. */
  end = 0;
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #onChunk: (chunk: Uint8Array) => void;
  #limit = Number.POSITIVE_INFINITY;
  #tooLong: () => Error = () => new Error("the stream is too long");
  #kept: { start: number; bytes: Uint8Array }[] = [];

  /** `onChunk` is called with every chunk. */
  constructor(source: AsyncIterable<Uint8Array>, onChunk: (chunk: Uint8Array) => void) {
    this.#source = source;
    this.#onChunk = onChunk;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for await (const bytes of this.#source) {
      this.#onChunk(bytes);
      this.#kept.push({ start: this.end, bytes });
      this.end += bytes.length;
      if (this.end > this.#limit) throw this.#tooLong();
      yield bytes;
    }
  }

  /** Sets the offset that the stream must not exceed. */
  limit(end: number, tooLong: () => Error): void {
    this.#limit = end;
    this.#tooLong = tooLong;
  }

  /** Returns the bytes from `from` to `to`, which must still be kept, and forgets all bytes before `to`. */
  take(from: number, to: number): Uint8Array {
    const pieces = this.#kept.map(({ start, bytes }) =>
      bytes.subarray(Math.max(from - start, 0), Math.max(to - start, 0)),
    );
    const [only] = pieces;
    this.forget(to);
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  /** Forgets the bytes before `to`. */
  forget(to: number): void {
    while (this.#kept[0] !== undefined && this.#kept[0].start + this.#kept[0].bytes.length <= to) {
      this.#kept.shift();
    }
  }
}
