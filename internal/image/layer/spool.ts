import { throwIfAborted } from "../../base/interrupt.ts";
import type { ByteRange } from "../../bytes/byte-range.ts";
import { READ_SIZE } from "../../bytes/chunk.ts";
import { hole, isHole } from "../../tar/sparse.ts";
import type { Content } from "../image-tree.ts";
import { SpoolFile } from "./spool-file.ts";

/** The least size in bytes of a hole that is recorded instead of written. */
const WORTH_SKIPPING = 64 * 1024;

/** Sizes in bytes. Only tests change them. */
export interface SpoolSizes {
  /** The size of a segment, the unit of allocation. */
  segment: number;
  /** Contents up to this size share segments. A larger content has its own run of segments. */
  small: number;
  /** The most bytes in memory. */
  memory: number;
}

const SIZES: SpoolSizes = { segment: 1024 * 1024, small: 64 * 1024, memory: 32 * 1024 * 1024 };

/**
 * Keeps contents for later: in memory up to a budget, the others in a file without a name. The cost of keeping and
 * freeing a content does not depend on their number. A segment is reused when all contents in it are freed. A content
 * is a range of bytes in the spool as a whole.
 */
export class Spool implements Disposable {
  readonly #file: SpoolFile;
  readonly #signal: AbortSignal;
  readonly #sizes: SpoolSizes;
  /** The number of segments that were ever allocated. */
  #count = 0;
  /** Bytes in use, by the first segment of a run. */
  readonly #live: number[] = [];
  /** First segments of free runs, by the number of segments. */
  readonly #free = new Map<number, number[]>();
  /** Contents in memory, by the first segment of a run. */
  readonly #inMemory = new Map<number, Uint8Array>();
  /** Parts of large contents that are zeros and not in the file, by the first segment of a run: start, length, start, … */
  readonly #holes = new Map<number, number[]>();
  #memoryLeft: number;
  /** The segment for new small contents, and the number of its bytes in use. */
  #open: number | undefined;
  #used = 0;

  constructor(options: {
    directory: string;
    name: string;
    signal: AbortSignal;
    sizes?: SpoolSizes | undefined;
  }) {
    this.#file = new SpoolFile(options.directory, options.name);
    this.#sizes = options.sizes ?? SIZES;
    this.#memoryLeft = this.#sizes.memory;
    this.#signal = options.signal;
  }

  /** Contents of at most this many bytes are available to {@link readSync}. */
  get small(): number {
    return this.#sizes.small;
  }

  /** Keeps a content of exactly `length` bytes; one at a time. @throws PlatterError `E_SPOOL_WRITE` */
  async add(content: Content, length: number): Promise<ByteRange> {
    if (length <= this.small) return await this.#addSmall(content, length);
    const segment = this.#take(this.#segments(length));
    this.#live[segment] = length;
    const start = segment * this.#sizes.segment;
    const memory = length <= this.#memoryLeft ? this.#hold(segment, length) : undefined;
    const holes: number[] = [];
    let done = 0;
    for await (const piece of content) {
      throwIfAborted(this.#signal, "the reading of the image");
      if (memory !== undefined) memory.set(piece, done);
      else if (isHole(piece) && piece.length >= WORTH_SKIPPING) addRange(holes, done, piece.length);
      else await this.#file.write(piece, start + done);
      done += piece.length;
    }
    if (holes.length > 0) this.#holes.set(segment, holes);
    return { start, length };
  }

  async *read(slot: ByteRange): AsyncGenerator<Uint8Array> {
    if (slot.length === 0) return;
    if (slot.length <= this.small) {
      const content = Buffer.allocUnsafeSlow(slot.length);
      this.readSync(slot, content);
      return yield content;
    }
    const memory = this.#inMemory.get(this.#segmentOf(slot));
    if (memory !== undefined) return yield memory;
    const holes = this.#holes.get(this.#segmentOf(slot)) ?? [];
    let next = 0;
    for (let done = 0; done < slot.length; ) {
      throwIfAborted(this.#signal, "the reading of the image");
      const holeStart = holes[next] ?? slot.length;
      if (done === holeStart) {
        const zeros = holes[next + 1] as number;
        yield* hole(zeros);
        done += zeros;
        next += 2;
        continue;
      }
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, holeStart - done));
      const length = await this.#file.read(buffer, slot.start + done);
      done += length;
      yield length === buffer.length ? buffer : buffer.subarray(0, length);
    }
  }

  /** Copies a small content into `target`, which has its length. @throws PlatterError `E_SPOOL_READ` */
  readSync(slot: ByteRange, target: Uint8Array): void {
    const memory = this.#inMemory.get(this.#segmentOf(slot));
    if (memory !== undefined) {
      const start = slot.start % this.#sizes.segment;
      target.set(memory.subarray(start, start + slot.length));
      return;
    }
    throwIfAborted(this.#signal, "the reading of the image");
    this.#file.readSync(slot, target);
  }

  /** Frees a slot's space. */
  free(slot: ByteRange): void {
    if (slot.length === 0) return;
    const segment = this.#segmentOf(slot);
    const live = (this.#live[segment] as number) - slot.length;
    this.#live[segment] = live;
    if (live > 0) return;
    if (segment === this.#open) this.#used = 0;
    else this.#giveBack(segment, this.#segments(slot.length));
  }

  [Symbol.dispose](): void {
    this.#inMemory.clear();
    this.#file[Symbol.dispose]();
  }

  async #addSmall(content: Content, length: number): Promise<ByteRange> {
    if (this.#open !== undefined && this.#used + length > this.#sizes.segment) await this.#close(this.#open);
    if (this.#open === undefined) {
      this.#open = this.#take(1);
      this.#used = 0;
      this.#hold(this.#open, this.#sizes.segment);
    }
    const segment = this.#open;
    const slot = { start: segment * this.#sizes.segment + this.#used, length };
    const memory = this.#inMemory.get(segment) as Uint8Array;
    let at = this.#used;
    this.#used += length;
    this.#live[segment] = (this.#live[segment] as number) + length;
    for await (const piece of content) {
      memory.set(piece, at);
      at += piece.length;
    }
    return slot;
  }

  /** Closes the open segment. It stays in memory if there is space, and is written to the file otherwise. */
  async #close(segment: number): Promise<void> {
    this.#open = undefined;
    if (this.#memoryLeft >= 0) return;
    await this.#file.write(this.#inMemory.get(segment) as Uint8Array, segment * this.#sizes.segment);
    this.#release(segment);
  }

  #hold(segment: number, length: number): Uint8Array {
    const memory = new Uint8Array(length);
    this.#inMemory.set(segment, memory);
    this.#memoryLeft -= length;
    return memory;
  }

  /** Whether it was in memory. */
  #release(segment: number): boolean {
    this.#memoryLeft += this.#inMemory.get(segment)?.length ?? 0;
    return this.#inMemory.delete(segment);
  }

  #segmentOf(slot: ByteRange): number {
    return Math.floor(slot.start / this.#sizes.segment);
  }

  #segments(length: number): number {
    return Math.ceil(length / this.#sizes.segment);
  }

  /** Allocates a run of segments, and returns the first. */
  #take(segments: number): number {
    const free = this.#free.get(segments)?.pop();
    const first = free ?? this.#count;
    if (free === undefined) this.#count += segments;
    this.#live[first] = 0;
    return first;
  }

  #giveBack(first: number, segments: number): void {
    this.#holes.delete(first);
    const { segment } = this.#sizes;
    if (!this.#release(first)) this.#file.release({ start: first * segment, length: segments * segment });
    const free = this.#free.get(segments);
    if (free === undefined) this.#free.set(segments, [first]);
    else free.push(first);
  }
}

/** Adds a range to a list of start, length, start, …, or to its last range if it follows that. */
function addRange(ranges: number[], start: number, length: number): void {
  const last = ranges.length - 1;
  if (last > 0 && (ranges[last - 1] as number) + (ranges[last] as number) === start) ranges[last]! += length;
  else ranges.push(start, length);
}
