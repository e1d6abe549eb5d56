import type { HeldRange } from "../bytes/byte-range.ts";
import { readAtSync } from "../bytes/chunk.ts";
import type { WalkedEntry } from "../image/entry-walk.ts";
import { changedFile } from "../image/file-content.ts";
import type { Inode, SequentialReader } from "../image/image-tree.ts";
import { nextData } from "../os/file-holes.ts";
import { isHole } from "../tar/sparse.ts";
import type { BlockContent, BlockPacker } from "./blocks/block-packer.ts";
import type { BlockWriter } from "./blocks/block-writer.ts";

/** A file with content, not a link to an earlier entry. */
export type FileEntry = WalkedEntry & { inode: Inode };

/** Holes are searched in host files of at least this size in bytes. In smaller files the search costs more than it saves. */
const WORTH_SEEKING = 64 * 1024 * 1024;

/** The content of a block and its length, or the length of a hole of whole blocks. The receiver owns a buffer. */
export type ContentBlock = (BlockContent & { length: number }) | { hole: number };

/** Reads the contents of files in blocks. */
export class ContentReader {
  readonly #reader: SequentialReader;
  readonly #packer: BlockPacker;
  readonly #writer: BlockWriter;
  readonly #blockSize: number;

  constructor(
    reader: SequentialReader,
    { packer, writer, blockSize }: { packer: BlockPacker; writer: BlockWriter; blockSize: number },
  ) {
    this.#reader = reader;
    this.#packer = packer;
    this.#writer = writer;
    this.#blockSize = blockSize;
  }

  /** Reads a content in blocks. @throws PlatterError `E_FILE_CHANGED`, errors of reading the image */
  async *blocks(entry: FileEntry): AsyncGenerator<ContentBlock> {
    const held = this.#reader.held?.(entry.inode);
    if (held === undefined) yield* this.#streamed(entry);
    else
      try {
        yield* this.#held(held);
      } finally {
        this.#writer.release(held);
      }
  }

  /**
   * Reads a small content into `target`, which has its length. Returns a promise only if the content must be waited for.
   * @throws PlatterError `E_FILE_CHANGED`, errors of reading the image
   */
  small(entry: FileEntry, target: Uint8Array): Promise<void> | undefined {
    return this.#reader.readSync?.(entry.inode, target) === true ? undefined : this.#readSmall(entry, target);
  }

  *#held(held: HeldRange): Generator<ContentBlock> {
    const { file } = held;
    for (let at = 0; at < held.length; at += this.#blockSize) {
      const hole = this.#holeIn(held, at);
      if (hole > 0) yield { hole };
      at += hole;
      if (at === held.length) return;
      // The thread that compresses the block reads it.
      const length = Math.min(this.#blockSize, held.length - at);
      yield { source: { file, at: held.start + at }, length };
    }
  }

  async *#streamed(entry: FileEntry): AsyncGenerator<ContentBlock> {
    const blockSize = this.#blockSize;
    let data = this.#packer.buffer();
    let [used, left] = [0, entry.size];
    for await (const piece of this.#reader.open(entry.inode)) {
      left -= piece.length;
      if (left < 0) break;
      for (let done = 0; done < piece.length; ) {
        const inHole = used === 0 && isHole(piece) ? piece.length - done : 0;
        if (inHole >= blockSize) {
          const length = inHole - (inHole % blockSize);
          yield { hole: length };
          done += length;
          continue;
        }
        const part = piece.subarray(done, done + blockSize - used);
        data.set(part, used);
        used += part.length;
        done += part.length;
        if (used < blockSize) continue;
        yield { data, length: used };
        data = this.#packer.buffer();
        used = 0;
      }
    }
    if (left !== 0) throw changedFile(entry);
    if (used > 0) yield { data, length: used };
    else this.#packer.giveBack(data);
  }

  /** The number of bytes from `at` that are whole blocks of a hole. */
  #holeIn({ file, start, length }: HeldRange, at: number): number {
    if (length < WORTH_SEEKING) return 0;
    const bytes = Math.min(nextData(file.fd, start + at) - start, length) - at;
    return bytes - (bytes % this.#blockSize);
  }

  async #readSmall(entry: FileEntry, target: Uint8Array): Promise<void> {
    using held = this.#reader.held?.(entry.inode);
    if (held !== undefined) {
      readAtSync(held.file, { target, at: held.start });
      return;
    }
    let used = 0;
    for await (const piece of this.#reader.open(entry.inode)) {
      if (used + piece.length > target.length) throw changedFile(entry);
      target.set(piece, used);
      used += piece.length;
    }
    if (used < target.length) throw changedFile(entry);
  }
}
