import type { Inode } from "../image/image-tree.ts";

/** Finds lengths that more than one file has, and computes sums of lengths. */
export class SharedLengths {
  readonly #seen = new Set<number>();
  readonly #shared = new Set<number>();
  readonly #blockSize: number;
  /** Bytes of all files. */
  sum = 0;
  /** Data blocks of all files that are not shorter than a block. */
  blocks = 0;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /** Passes inodes on, and records their lengths. */
  *of(inodes: Iterable<Inode>): Generator<Inode> {
    for (const inode of inodes) {
      const { size } = inode;
      if (this.#seen.has(size)) this.#shared.add(size);
      else this.#seen.add(size);
      this.sum += size;
      if (size >= this.#blockSize) this.blocks += Math.ceil(size / this.#blockSize);
      yield inode;
    }
  }

  /** Whether more than one file has this length. */
  has(length: number): boolean {
    return this.#shared.has(length);
  }
}
