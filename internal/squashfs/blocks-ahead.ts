import { type OpenedFile, readAtOnce } from "../chunk.ts";
import type { ArrivingContent, ContentListener } from "../image/arriving-content.ts";
import type { BytePath } from "../image/byte-path.ts";
import type { CodecOptions } from "./codec.ts";
import { blocksAtATime, Compressors } from "./compressors.ts";

/** A block that was compressed; undefined where it would not be shorter. */
export type Packed = Uint8Array<ArrayBuffer> | undefined;

export interface BlocksAheadOptions {
  options: CodecOptions & { blockSize: number };
  /** What will not be in the file system. */
  exclude: (path: BytePath) => boolean;
  /** Bytes that compressed blocks may take in memory. */
  memory: number;
}

/**
 * Compresses blocks of large files while the image is still being read: unlike fragments they do not depend on the order
 * of the files. What another layer covers is compressed for nothing.
 */
export class BlocksAhead implements ContentListener, AsyncDisposable {
  readonly compressors: Compressors;
  readonly least: number;
  readonly #about: BlocksAheadOptions;
  readonly #blocks = new Map<OpenedFile, Map<number, Promise<Packed>>>();
  readonly #waiting: ArrivingContent[] = [];
  /** Of the contents that were found. */
  readonly #lengths = new Set<number>();
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  /** Those that are being compressed, in the order in which they were begun. */
  #begun: Promise<Packed>[] = [];
  #running: Promise<void> | undefined;
  #left: number;

  constructor(about: BlocksAheadOptions) {
    this.#about = about;
    this.#left = about.memory;
    this.least = about.options.blockSize;
    this.compressors = new Compressors(about.options);
  }

  found(content: ArrivingContent): void {
    const { length } = content.part;
    if (this.#left <= 0 || this.#about.exclude(content.path)) return;
    // It may be the same as the earlier one, and would be compressed for nothing.
    if (this.#lengths.has(length)) return;
    this.#lengths.add(length);
    this.#waiting.push(content);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Begins no more. */
  stop(): void {
    this.#left = 0;
    this.#waiting.length = 0;
  }

  /** The block at a place, if it was begun, once. */
  take(file: OpenedFile, at: number): Promise<Packed> | undefined {
    const blocks = this.#blocks.get(file);
    const block = blocks?.get(at);
    blocks?.delete(at);
    return block;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#running;
    await Promise.allSettled(this.#begun);
    this.compressors[Symbol.dispose]();
    this.#blocks.clear();
  }

  async #run(): Promise<void> {
    const { blockSize } = this.#about.options;
    try {
      for (let content = this.#waiting.shift(); content !== undefined; content = this.#waiting.shift()) {
        const { file, start, length } = content.part;
        for (let at = 0; at < length; at += blockSize) {
          const piece = Math.min(blockSize, length - at);
          await content.reaches(at + piece);
          if (this.#begun.length >= blocksAtATime(blockSize)) await this.#begun.shift();
          if (this.#left <= 0) return;
          this.#begin(file, { at: start + at, length: piece });
        }
      }
    } catch {
      // Whoever reads the content in its turn is told what is wrong.
      this.stop();
    }
  }

  #begin(file: OpenedFile, { at, length }: { at: number; length: number }): void {
    const data = this.#free.pop() ?? new Uint8Array(this.#about.options.blockSize);
    readAtOnce(file, { target: data.subarray(0, length), at });
    const packing = this.compressors.pack(data, length).then((block) => {
      this.#free.push(block.data);
      this.#left -= block.packed?.length ?? 0;
      return block.packed;
    });
    packing.catch(() => undefined);
    this.#begun.push(packing);
    const blocks = this.#blocks.get(file) ?? new Map<number, Promise<Packed>>();
    this.#blocks.set(file, blocks.set(at, packing));
  }
}
