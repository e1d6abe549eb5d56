const FRAME_MAGIC = 0xfd2fb528;
/** Frames of user data have one of sixteen magic numbers (RFC 8878, section 3.1.2). */
const SKIPPABLE_MAGIC = 0x184d2a50;

/** Length of the longest header: magic number and frame header (RFC 8878, section 3.1.1.1). */
const HEADER = 18;

type State = "magic" | "header" | "block" | "skippable" | "checksum";

/**
 * Follows the frames of a zstd stream (RFC 8878) without decompressing them, to know whether it ends at the end of a
 * frame. Node's decompressor accepts a truncated stream as a short one.
 */
export class ZstdFrames {
  #state: State = "magic";
  /** Bytes of the current field that were received. */
  readonly #field = new Uint8Array(HEADER);
  #filled = 0;
  #wanted = 4;
  /** The number of content bytes before the next field. */
  #skip = 0;
  #hasChecksum = false;
  #isBroken = false;

  /** True if no frame is open. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#state === "magic" && this.#filled === 0 && this.#skip === 0;
  }

  add(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#isBroken) at += this.addFrame(chunk.subarray(at));
  }

  /** Follows at most one frame, and returns the number of its bytes in the chunk. */
  addFrame(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && !this.#isBroken) {
      if (this.#skip > 0) {
        const passed = Math.min(this.#skip, chunk.length - at);
        this.#skip -= passed;
        at += passed;
      } else {
        this.#field[this.#filled++] = chunk[at++] as number;
        if (this.#filled === this.#wanted) this.#take();
      }
      if (this.isWhole) return at;
    }
    return at;
  }

  #expect(state: State, wanted: number): void {
    this.#state = state;
    this.#wanted = wanted;
    this.#filled = 0;
  }

  #take(): void {
    switch (this.#state) {
      case "magic": {
        const magic = this.#number(4);
        if (magic === FRAME_MAGIC) this.#expect("header", 1);
        else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) this.#expect("skippable", 4);
        else this.#isBroken = true;
        return;
      }
      case "header": {
        if (this.#filled === 1) {
          this.#wanted = 1 + headerRest(this.#field[0] as number);
          if (this.#wanted > 1) return;
        }
        this.#hasChecksum = ((this.#field[0] as number) & 4) !== 0;
        this.#expect("block", 3);
        return;
      }
      case "block": {
        const header = this.#number(3);
        const isLast = (header & 1) !== 0;
        // A run-length block stores one byte, independent of its size field.
        const stored = ((header >> 1) & 3) === 1 ? 1 : header >>> 3;
        if (!isLast) this.#expect("block", 3);
        else if (this.#hasChecksum) this.#expect("checksum", 4);
        else this.#expect("magic", 4);
        this.#skip = stored;
        return;
      }
      case "skippable": {
        const length = this.#number(4);
        this.#expect("magic", 4);
        this.#skip = length;
        return;
      }
      case "checksum":
        this.#expect("magic", 4);
        return;
      default:
        this.#state satisfies never;
    }
  }

  /** Little-endian. */
  #number(length: number): number {
    let value = 0;
    for (let i = length - 1; i >= 0; i--) value = value * 256 + (this.#field[i] as number);
    return value;
  }
}

/** Length in bytes of a frame header after its descriptor: window, dictionary, content size. */
function headerRest(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number;
  const content = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] as number;
  return (isSingleSegment ? 0 : 1) + dictionary + content;
}
