import { READ_SIZE } from "./chunk.ts";

/** A stream that can skip bytes without reading them. */
export interface SkippableBytes extends AsyncIterableIterator<Uint8Array> {
  /** Skips up to `length` bytes, and returns how many it skipped. */
  skip?(length: number): number;
}

const EMPTY = new Uint8Array(0);

/** Below this many bytes reading is cheaper than a seek, after which this many are read. */
const WORTH_SKIPPING = READ_SIZE;

/** Reads pieces of wanted sizes from a stream of chunks, without copying if a chunk contains the whole piece. */
export class ByteCursor implements AsyncDisposable {
  /** Bytes consumed so far. */
  position = 0;
  readonly #source: SkippableBytes | AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = EMPTY;
  #at = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, if they are available in one piece. */
  take(length: number): Uint8Array | undefined {
    const end = this.#at + length;
    if (end > this.#chunk.length) return undefined;
    const piece = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    this.position += length;
    return piece;
  }

  /** Up to `limit` available bytes; empty if the next chunk must be awaited. */
  piece(limit: number): Uint8Array {
    const length = Math.min(limit, this.#chunk.length - this.#at);
    return length <= 0 ? EMPTY : (this.take(length) as Uint8Array);
  }

  /** Returns the bytes that were read last, or their end, to the stream. */
  unread(bytes: Uint8Array): void {
    const { length } = bytes;
    this.position -= length;
    const isInChunk = bytes.buffer === this.#chunk.buffer && length <= this.#at;
    if (isInChunk && bytes.byteOffset + length === this.#chunk.byteOffset + this.#at) {
      this.#at -= length;
      return;
    }
    this.#chunk = Buffer.concat([bytes, this.#chunk.subarray(this.#at)]);
    this.#at = 0;
  }

  /** Waits for the next chunk if the current one is used up. False at the end of the stream. */
  async more(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      if (this.#ended) return false;
      const next = await this.#source.next();
      if (next.done === true) {
        this.#ended = true;
        this.#chunk = EMPTY;
        this.#at = 0;
        return false;
      }
      this.#chunk = next.value;
      this.#at = 0;
    }
    return true;
  }

  /** The next `length` bytes; fewer only at the end of the stream. */
  async read(length: number): Promise<Uint8Array> {
    const whole = this.take(length);
    if (whole !== undefined) return whole;
    const joined = new Uint8Array(length);
    let filled = 0;
    while (filled < length && (await this.more())) {
      const piece = this.piece(length - filled);
      joined.set(piece, filled);
      filled += piece.length;
    }
    return filled === length ? joined : joined.subarray(0, filled);
  }

  /** Skips `length` bytes if all of them are available; otherwise returns false. */
  skipAtHand(length: number): boolean {
    if (length > this.#chunk.length - this.#at) return false;
    this.#pass(length);
    return true;
  }

  /** Skips `length` bytes, and returns how many there were. */
  async skip(length: number): Promise<number> {
    let left = length - this.#pass(length);
    while (left > 0) {
      left -= this.#skipInSource(left);
      if (left === 0 || !(await this.more())) break;
      left -= this.#pass(left);
    }
    return length - left;
  }

  /** Reads to the end of the stream, so that a check of the stream gets all bytes. */
  async drain(): Promise<void> {
    while (await this.more()) this.#pass(Number.MAX_SAFE_INTEGER);
  }

  /**
   * Skips up to `length` bytes of the source without reading them, if it supports that. Returns how many it skipped.
   */
  #skipInSource(length: number): number {
    if (length < WORTH_SKIPPING || !("skip" in this.#source) || this.#source.skip === undefined) return 0;
    const skipped = this.#source.skip(length);
    this.position += skipped;
    return skipped;
  }

  /** Skips up to `limit` available bytes, and returns how many. */
  #pass(limit: number): number {
    const length = Math.max(0, Math.min(limit, this.#chunk.length - this.#at));
    this.#at += length;
    this.position += length;
    return length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#chunk = EMPTY;
    this.#at = 0;
    this.#ended = true;
    await this.#source.return?.();
  }
}
