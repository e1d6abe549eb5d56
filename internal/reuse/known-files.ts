import type { BlockRecords } from "../squashfs/blocks/block-records.ts";
import type { KnownBlocks } from "../squashfs/blocks/block-reuse.ts";
import type { BlockTable } from "../squashfs/blocks/block-table.ts";
import type { PartRecords } from "../squashfs/blocks/part-records.ts";

/** An open file with stored blocks, whose offsets count from byte `start`. */
export interface KnownFile {
  fd: number;
  start: number;
  blocks: BlockRecords;
  /** Reads the index of the small files in the fragments. Undefined if it is damaged. */
  parts?: (() => PartRecords | undefined) | undefined;
  /** Called at most once, when the first block is copied from the file. */
  onUsed?: (() => void) | undefined;
  /** Called at most once, when the first block does not have its checksum, or the index of small files is damaged. */
  onDamaged?: (() => void) | undefined;
  close: () => void;
}

/** The blocks of several files of a cache. Disposing closes the files. */
export class KnownFiles implements KnownBlocks, Disposable {
  readonly #files = new Map<number, KnownFile>();
  readonly #used = new Set<number>();
  readonly #damaged = new Set<number>();
  count = 0;

  /** Adds the blocks of a file. If several files have a block with the same digest, the first file is used. */
  add(file: KnownFile): void {
    this.#files.set(file.fd, file);
    this.count += file.blocks.count;
  }

  /** All files, and the first one is the first that was added. */
  get files(): KnownFile[] {
    return [...this.#files.values()];
  }

  /** Whether later builds find the blocks that were taken from a file. */
  keeps(fd: number): boolean {
    return this.#files.has(fd) && !this.#damaged.has(fd);
  }

  addTo(table: BlockTable): void {
    for (const { fd, start, blocks } of this.#files.values()) {
      for (const { digest, offset, length, checksum } of blocks) {
        table.add(digest, { fd, offset: start + offset, length, checksum });
      }
    }
  }

  onFound(fd: number): void {
    this.#once(this.#used, fd)?.onUsed?.();
  }

  onDamaged(fd: number): void {
    this.#once(this.#damaged, fd)?.onDamaged?.();
  }

  [Symbol.dispose](): void {
    for (const { close } of this.#files.values()) close();
    this.#files.clear();
  }

  #once(seen: Set<number>, fd: number): KnownFile | undefined {
    if (seen.has(fd)) return undefined;
    seen.add(fd);
    return this.#files.get(fd);
  }
}
