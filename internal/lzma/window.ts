/** Bytes that fit after the dictionary before older bytes are moved. A chunk has up to 2 MiB. */
const ROOM = 4 * 1024 * 1024;

/** The last decompressed bytes, from which matches are copied. */
export class Window {
  readonly bytes: Uint8Array;
  /** Offset of the next byte. */
  end = 0;
  /** Offset of the first byte that matches may refer to. */
  start = 0;
  #dictionary: number;

  /** `dictionary` is the greatest distance of a match, in bytes. */
  constructor(dictionary: number, room = ROOM) {
    this.#dictionary = dictionary;
    // The system gives memory only for pages that are written to.
    this.bytes = new Uint8Array(dictionary + room);
  }

  /** An empty window with this dictionary: this one if it is large enough. */
  restarted(dictionary: number): Window {
    if (dictionary + ROOM > this.bytes.length) return new Window(dictionary);
    this.#dictionary = dictionary;
    this.reset();
    return this;
  }

  /** Makes room for `length` bytes, and returns their offset. */
  reserve(length: number): number {
    this.start = Math.max(this.start, this.end - this.#dictionary);
    if (this.end + length > this.bytes.length) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    return this.end;
  }

  /** Adds bytes for which there is room. */
  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Empties the window. */
  reset(): void {
    this.start = this.end;
  }
}
