import type { BlockWriter } from "./blocks/block-writer.ts";
import type { ContentReader, FileEntry } from "./content-reader.ts";
import { Duplicates } from "./duplicates.ts";
import type { SharedLengths } from "./shared-lengths.ts";
import type { StoredContents } from "./stored-contents.ts";

export interface ContentOptions {
  reader: ContentReader;
  writer: BlockWriter;
  blockSize: number;
  lengths: SharedLengths;
  files: StoredContents;
  /** Whether each content gets a digest, or only contents that may be duplicates. */
  digests: "all" | "duplicates";
  /** Called with the number of bytes that were read. */
  onRead: (bytes: number) => void;
}

/**
 * From this many blocks in holes, it pays to wait for the digests of a file's blocks, since the next file may be the
 * same.
 */
const MANY_HOLES = 1024;

/** Passes the contents of files of at least one block to the writer, each content once. */
export class LargeFiles {
  readonly #options: ContentOptions;
  readonly #zeros: Uint8Array;
  /** Files by their {@link BlockHasher}: a small file could be made to have the same digest. */
  readonly #duplicates = new Duplicates();

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#zeros = new Uint8Array(options.blockSize);
  }

  /** @throws PlatterError `E_FILE_CHANGED`, `E_INTERRUPTED`, errors of reading the image */
  async add(entry: FileEntry): Promise<void> {
    const { reader, writer, lengths, files, blockSize, onRead } = this.#options;
    const hasher = lengths.has(entry.size) ? new BlockHasher(entry.size) : undefined;
    const first = writer.next;
    let holes = 0;
    for await (const { data, length } of reader.blocks(entry)) {
      onRead(length);
      const number = writer.next - first;
      if (data === undefined) {
        await writer.addHoles(length / blockSize);
        holes += length;
      } else if (this.#isZero(data, length)) {
        writer.giveBack(data);
        await writer.addHoles(1);
        holes += length;
      } else {
        await writer.add(data, { length, onDigest: hasher && ((digest) => hasher.update(number, digest)) });
      }
    }
    const file = files.addBlocks(first, holes);
    if (hasher === undefined) return;
    const end = writer.next;
    let isTakenBack = false;
    // At this time the digests of all blocks are known, and no later block is written.
    await writer.whenWritten(() => {
      const same = this.#duplicates.findOrAdd(hasher.digest(), file);
      if (same === undefined) return;
      writer.takeBack(first, end);
      files.setSame(file, same);
      isTakenBack = true;
    });
    if (holes / blockSize < MANY_HOLES) return;
    await writer.drain();
    if (isTakenBack) writer.continueAt(first);
  }

  #isZero(data: Uint8Array, length: number): boolean {
    return Buffer.compare(data.subarray(0, length), this.#zeros.subarray(0, length)) === 0;
  }
}

/** Digest of a content by its length and its blocks that are not zeros, with their numbers: a hole costs nothing. */
class BlockHasher {
  readonly #hasher = new Bun.CryptoHasher("sha256");
  readonly #number = new Float64Array(1);

  constructor(length: number) {
    this.#number[0] = length;
    this.#hasher.update(this.#number);
  }

  update(number: number, block: Uint8Array): void {
    this.#number[0] = number;
    this.#hasher.update(this.#number);
    this.#hasher.update(block);
  }

  digest(): Uint8Array {
    return this.#hasher.digest();
  }
}
