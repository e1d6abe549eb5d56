/** Bytes that are added before older ones are moved out of the way: the more, the less often. A chunk has up to 2 MiB. */
const ROOM = 4 * 1024 * 1024;

/** What was decompressed last: matches are copied from it. */
export class Window {
  readonly bytes: Uint8Array;
  /** Where the next byte goes. */
  end = 0;
  /** Where the bytes begin that matches may refer to. */
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

  /** Makes room for `length` bytes; returns where they go. */
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

  /** Forgets everything. */
  reset(): void {
    this.start = this.end;
  }
}
