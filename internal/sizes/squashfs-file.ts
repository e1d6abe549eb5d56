/** A squashfs as names and contents. */
import { PlatterError } from "../base/error.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { firstBlock, fragmentPlaces, type StoredPlace } from "../reuse/earlier-tables.ts";
import { type BlockPlace, blocksOfFile } from "../reuse/inode-blocks.ts";
import { Metadata } from "../reuse/metadata.ts";
import type { FileInode } from "../reuse/stored-inode.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { STORED_BLOCK } from "../squashfs/blocks/format.ts";
import { printable } from "../text/printable.ts";
import { type Decompress, decompressorOf } from "../verify/squashfs-metadata.ts";
import { readSquashfs } from "../verify/squashfs-superblock.ts";
import { readNames, type StoredNode } from "./squashfs-names.ts";

export class SquashfsFile {
  /** The root directory, with all names below it. */
  readonly root: StoredNode;
  readonly blockSize: number;
  /** The blocks that hold small files and the ends of others, by their number. */
  readonly fragments: readonly StoredPlace[];
  readonly #source: ByteSource;
  readonly #decompress: Decompress;
  readonly #inodes: Metadata;
  /** The content of the fragment that was read last: files next to each other share it. */
  #last: { fragment: number; content: Uint8Array } | undefined;

  /** @throws PlatterError `E_SIZES` if the squashfs is damaged, or platter does not have its compressor */
  static async open(source: ByteSource, name: string): Promise<SquashfsFile> {
    const { value: superblock, problems } = await readSquashfs(source);
    const { tables, root, compressor = "", blockSize = 0, fragments: count = 0 } = superblock ?? {};
    if (tables === undefined || root === undefined) {
      throw unreadable(name, problems[0]?.detail ?? "its tables are damaged");
    }
    const decompress = decompressorOf(compressor);
    if (decompress === undefined) throw unreadable(name, `platter does not decompress ${compressor}`);
    try {
      const { inode: start, directory } = tables;
      const inodes = await Metadata.read(source, { start, end: directory, decompress });
      const list = tables.fragment ?? 0;
      const fragments = await fragmentPlaces(source, { list, count, decompress });
      const end = await firstBlock(source, count > 0 ? list : (tables.exported ?? tables.id));
      const directories = await Metadata.read(source, { start: directory, end, decompress });
      const names = readNames({ inodes, directories, blockSize, root });
      return new SquashfsFile({ source, decompress, inodes, fragments, blockSize, root: names });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw unreadable(name, error.message);
    }
  }

  private constructor(parts: {
    source: ByteSource;
    decompress: Decompress;
    inodes: Metadata;
    fragments: readonly StoredPlace[];
    blockSize: number;
    root: StoredNode;
  }) {
    this.root = parts.root;
    this.blockSize = parts.blockSize;
    this.fragments = parts.fragments;
    this.#source = parts.source;
    this.#decompress = parts.decompress;
    this.#inodes = parts.inodes;
  }

  /** The data blocks of a file in their order. A block without bytes is a hole. */
  blocksOf(inode: FileInode): Generator<BlockPlace> {
    return blocksOfFile(this.#inodes.content, inode, this.blockSize);
  }

  /** The content of a file. @throws RangeError if it is damaged, or has more than `limit` bytes */
  async content(inode: FileInode, limit: number): Promise<Buffer> {
    const { size, tail, fragment, offset } = inode;
    if (size > limit) throw new RangeError("a file is too large");
    const content = Buffer.alloc(size);
    let at = 0;
    for (const block of this.blocksOf(inode)) {
      if (storedLength(block) > 0) content.set((await this.#read(block)).subarray(0, block.size), at);
      at += block.size;
    }
    if (fragment !== undefined) {
      const shared = await this.#fragment(fragment);
      content.set(shared.subarray(offset, offset + tail), at);
    }
    return content;
  }

  async #fragment(fragment: number): Promise<Uint8Array> {
    const block = this.fragments[fragment];
    if (block === undefined) throw new RangeError("a file names a fragment that does not exist");
    if (this.#last?.fragment !== fragment) this.#last = { fragment, content: await this.#read(block) };
    return this.#last.content;
  }

  async #read(block: StoredPlace): Promise<Uint8Array> {
    const stored = Uint8Array.from(await this.#source.read(block.offset, storedLength(block)));
    if ((block.length & STORED_BLOCK) !== 0) return stored;
    try {
      return this.#decompress(stored, { maxOutputLength: this.blockSize });
    } catch {
      throw new RangeError("a block cannot be decompressed");
    }
  }
}

function unreadable(name: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_SIZES",
    kind: "media",
    message: `Cannot read the names in \`${printable(name)}\`: ${printable(reason)}`,
    hint: "Check the ISO with `platter verify`.",
  });
}
