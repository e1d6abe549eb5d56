import { setImmediate } from "node:timers/promises";
import type { OnBytes } from "../base/progress.ts";
import { readAtOnce } from "../bytes/chunk.ts";
import { withRoom } from "../bytes/columns.ts";
import { type WalkedEntry, type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import { changedFile, hasContent, wantedInodes } from "../image/file-content.ts";
import type { HeldContent, ImageTree, Inode, SequentialReader } from "../image/image-tree.ts";
import { nextData } from "../os/file-holes.ts";
import { isHole } from "../tar/sparse.ts";
import type { BlockWriter } from "./block-writer.ts";
import { Duplicates } from "./duplicates.ts";
import { NO_INDEX } from "./format.ts";

/** Names after which the event loop gets a turn. */
const TURN = 500;

/** Bytes from which on a file on the host is asked for its holes: for smaller ones that costs more than it saves. */
const WORTH_SEEKING = 64 * 1024 * 1024;

/** Where the contents of all files went, by the files' number: their place among those with a content of their own. */
export class StoredContents {
  /** The first data block of a file that has some. */
  #block = new Uint32Array(1024);
  #fragment = new Uint32Array(1024);
  /** Bytes before the content in the fragment. */
  #offset = new Uint32Array(1024);
  readonly #holes = new Map<number, number>();
  count = 0;

  addBlocks(block: number, holes: number): void {
    if (holes > 0) this.#holes.set(this.count, holes);
    this.#add(block, NO_INDEX, 0);
  }

  addFragment(fragment: number, offset: number): void {
    this.#add(0, fragment, offset);
  }

  /** The next file has the content of an earlier one. */
  addSame(file: number): void {
    const holes = this.#holes.get(file);
    if (holes !== undefined) this.#holes.set(this.count, holes);
    this.#add(this.#block[file] as number, this.#fragment[file] as number, this.#offset[file] as number);
  }

  blockOf(file: number): number {
    return this.#block[file] as number;
  }

  /** The place in the fragment table; `NO_INDEX` for a file of whole data blocks. */
  fragmentOf(file: number): number {
    return this.#fragment[file] as number;
  }

  offsetOf(file: number): number {
    return this.#offset[file] as number;
  }

  /** Bytes that are in no block, since they are zeros. */
  holesOf(file: number): number {
    return this.#holes.get(file) ?? 0;
  }

  #add(block: number, fragment: number, offset: number): void {
    const at = this.count++;
    this.#block = withRoom(this.#block, this.count);
    this.#fragment = withRoom(this.#fragment, this.count);
    this.#offset = withRoom(this.#offset, this.count);
    this.#block[at] = block;
    this.#fragment[at] = fragment;
    this.#offset[at] = offset;
  }
}

export interface WrittenContents {
  files: StoredContents;
  /** The number of each fragment's data block. */
  fragments: readonly number[];
  /** How many names each inode with several names has here. */
  links: ReadonlyMap<Inode, number>;
}

/**
 * Gives the contents of all files to the writer, in canonical order: large ones in blocks, smaller ones joined in
 * fragments, each content once. A file that is as long as another is looked up by its digest.
 * @throws PlatterError `E_FILE_CHANGED`, and what reading the image throws
 */
export async function writeContents(
  tree: ImageTree,
  walk: WalkOptions,
  about: Omit<ContentsOptions, "lengths">,
): Promise<WrittenContents> {
  const lengths = new SharedLengths();
  const wanted = lengths.of(wantedInodes(tree, walk));
  await using reader = await tree.sequentialReader(wanted);
  // A source that reads in any order does not ask for the list.
  while (wanted.next().done !== true);
  const contents = new Contents(reader, { ...about, lengths });
  const links = new Map<Inode, number>();
  let passed = 0;
  for (const entry of walkEntries(tree, walk)) {
    // Small files that are there already need no waiting, however many they are.
    if (++passed % TURN === 0) await setImmediate();
    const { inode, type } = entry;
    if (inode !== undefined && inode.links > 1 && type !== "directory") {
      links.set(inode, (links.get(inode) ?? 0) + 1);
    }
    if (!hasContent(entry)) continue;
    if (entry.size >= about.blockSize) await contents.addLarge(entry);
    else {
      const waiting = contents.addSmall(entry);
      if (waiting !== undefined) await waiting;
    }
  }
  return { ...(await contents.finish()), links };
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

/** The lengths that more than one file has. */
class SharedLengths {
  readonly #seen = new Set<number>();
  readonly #shared = new Set<number>();
  /** Of all files. */
  sum = 0;

  /** Passes inodes on, and takes their lengths. */
  *of(inodes: Iterable<Inode>): Generator<Inode> {
    for (const inode of inodes) {
      if (this.#seen.has(inode.size)) this.#shared.add(inode.size);
      else this.#seen.add(inode.size);
      this.sum += inode.size;
      yield inode;
    }
  }

  has(length: number): boolean {
    return this.#shared.has(length);
  }
}

type FileEntry = WalkedEntry & { inode: Inode };

interface ContentsOptions {
  writer: BlockWriter;
  blockSize: number;
  lengths: SharedLengths;
  onBytes: OnBytes;
}

class Contents {
  readonly #reader: SequentialReader;
  readonly #options: ContentsOptions;
  readonly #zeros: Uint8Array;
  /** Small files by the digest of their content. */
  readonly #small = new Duplicates();
  /** Files of blocks by their {@link BlockHasher}: a small file could be made to have the same digest. */
  readonly #large = new Duplicates();
  readonly #digest = new Uint8Array(32);
  /** Of files that have blocks. */
  readonly #largeLengths = new Set<number>();
  readonly #files = new StoredContents();
  readonly #fragments: number[] = [];
  #fragment: Uint8Array<ArrayBuffer>;
  #used = 0;
  #sum = 0;

  constructor(reader: SequentialReader, options: ContentsOptions) {
    this.#reader = reader;
    this.#options = options;
    this.#zeros = new Uint8Array(options.blockSize);
    this.#fragment = options.writer.buffer();
  }

  /** A content that is shorter than a block; what must be waited for, if anything. */
  addSmall(entry: FileEntry): Promise<void> | undefined {
    if (this.#used + entry.size > this.#options.blockSize) {
      return this.#endFragment().then(() => this.addSmall(entry));
    }
    const target = this.#fragment.subarray(this.#used, this.#used + entry.size);
    if (this.#reader.atOnce?.(entry.inode, target) === true) {
      this.#keepSmall(target);
      return undefined;
    }
    return this.#read(entry, target).then(() => this.#keepSmall(target));
  }

  async addLarge(entry: FileEntry): Promise<void> {
    const { writer, lengths, blockSize } = this.#options;
    const before = lengths.has(entry.size) ? await this.#findBefore(entry) : undefined;
    if (before !== undefined) {
      this.#progress(entry.size);
      return this.#files.addSame(before);
    }
    const hasher = lengths.has(entry.size) ? new BlockHasher(entry.size) : undefined;
    const first = writer.next;
    let holes = 0;
    for await (const { data, length } of this.#blocks(entry)) {
      this.#progress(length);
      const number = writer.next - first;
      if (data === undefined) {
        await writer.addHoles(length / blockSize);
        holes += length;
      } else if (this.#isZero(data, length)) {
        writer.giveBack(data);
        await writer.addHoles(1);
        holes += length;
      } else {
        hasher?.update(number, data.subarray(0, length));
        await writer.add(data, length);
      }
    }
    const same = hasher && this.#large.findOrAdd(hasher.digest(), this.#files.count);
    if (same === undefined) return this.#files.addBlocks(first, holes);
    await writer.takeBack(first);
    this.#files.addSame(same);
  }

  /**
   * An earlier file with the same content, where that can be told without compressing it. What is written otherwise is
   * hashed as it is written: the content may have changed since.
   */
  async #findBefore(entry: FileEntry): Promise<number | undefined> {
    const { writer, blockSize } = this.#options;
    const isFirst = !this.#largeLengths.has(entry.size);
    this.#largeLengths.add(entry.size);
    using held = isFirst ? undefined : this.#reader.held?.(entry.inode);
    if (held === undefined) return undefined;
    const hasher = new BlockHasher(held.length);
    const buffer = writer.buffer();
    for (let at = 0; at < held.length; at += blockSize) {
      at += this.#holeIn(held, at);
      const target = buffer.subarray(0, held.length - at);
      readAtOnce(held.file, { target, at: held.start + at });
      if (!this.#isZero(target, target.length)) hasher.update(at / blockSize, target);
      await writer.turn();
    }
    writer.giveBack(buffer);
    return this.#large.find(hasher.digest());
  }

  async finish(): Promise<Omit<WrittenContents, "links">> {
    await this.#endFragment();
    await this.#options.writer.drain();
    return { files: this.#files, fragments: this.#fragments };
  }

  #keepSmall(content: Uint8Array): void {
    this.#sum += content.length;
    if (this.#options.lengths.has(content.length)) {
      Bun.CryptoHasher.hash("sha256", content, this.#digest);
      const same = this.#small.findOrAdd(this.#digest, this.#files.count);
      if (same !== undefined) {
        this.#files.addSame(same);
        return;
      }
    }
    this.#files.addFragment(this.#fragments.length, this.#used);
    this.#used += content.length;
  }

  async #endFragment(): Promise<void> {
    if (this.#used === 0) return;
    const { writer } = this.#options;
    this.#fragments.push(writer.next);
    const [full, length] = [this.#fragment, this.#used];
    this.#used = 0;
    this.#progress(0);
    await writer.add(full, length);
    this.#fragment = writer.buffer();
  }

  /** Bytes from `at` on that are whole blocks of a hole. */
  #holeIn({ file, start, length }: HeldContent, at: number): number {
    if (length < WORTH_SEEKING) return 0;
    const bytes = Math.min(nextData(file.fd, start + at) - start, length) - at;
    return bytes - (bytes % this.#options.blockSize);
  }

  #isZero(data: Uint8Array, length: number): boolean {
    return Buffer.compare(data.subarray(0, length), this.#zeros.subarray(0, length)) === 0;
  }

  #progress(bytes: number): void {
    this.#sum += bytes;
    this.#options.onBytes(this.#sum, this.#options.lengths.sum);
  }

  /** A content block by block, each in a buffer of the writer's; of whole blocks of a hole the length alone. */
  async *#blocks(
    entry: FileEntry,
  ): AsyncGenerator<{ data: Uint8Array<ArrayBuffer> | undefined; length: number }> {
    const { writer, blockSize } = this.#options;
    using held = this.#reader.held?.(entry.inode);
    if (held !== undefined) {
      for (let at = 0; at < held.length; at += blockSize) {
        const hole = this.#holeIn(held, at);
        if (hole > 0) yield { data: undefined, length: hole };
        at += hole;
        if (at === held.length) return;
        const data = writer.buffer();
        const length = Math.min(blockSize, held.length - at);
        // The other threads have work, and waiting would mean standing behind it.
        readAtOnce(held.file, { target: data.subarray(0, length), at: held.start + at });
        yield { data, length };
      }
      return;
    }
    let data = writer.buffer();
    let [used, left] = [0, entry.size];
    for await (const piece of this.#reader.open(entry.inode)) {
      left -= piece.length;
      if (left < 0) break;
      for (let done = 0; done < piece.length; ) {
        const inHole = used === 0 && isHole(piece) ? piece.length - done : 0;
        if (inHole >= blockSize) {
          const length = inHole - (inHole % blockSize);
          yield { data: undefined, length };
          done += length;
          continue;
        }
        const part = piece.subarray(done, done + blockSize - used);
        data.set(part, used);
        used += part.length;
        done += part.length;
        if (used < blockSize) continue;
        yield { data, length: used };
        data = writer.buffer();
        used = 0;
      }
    }
    if (left !== 0) throw changedFile(entry);
    if (used > 0) yield { data, length: used };
    else writer.giveBack(data);
  }

  async #read(entry: FileEntry, target: Uint8Array): Promise<void> {
    using held = this.#reader.held?.(entry.inode);
    if (held !== undefined) {
      readAtOnce(held.file, { target, at: held.start });
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
