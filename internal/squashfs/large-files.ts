import type { ContentDigests } from "../image/content-digests.ts";
import type { BlockLedger } from "./blocks/block-ledger.ts";
import type { BlockPacker } from "./blocks/block-packer.ts";
import type { EarlierFiles } from "./blocks/block-reuse.ts";
import { DIGEST } from "./blocks/block-table.ts";
import type { BlockWriter } from "./blocks/block-writer.ts";
import type { ContentReader, FileEntry } from "./content-reader.ts";
import { Duplicates } from "./duplicates.ts";
import type { SharedLengths } from "./shared-lengths.ts";
import type { StoredContents } from "./stored-contents.ts";

export interface ContentOptions {
  reader: ContentReader;
  packer: BlockPacker;
  writer: BlockWriter;
  ledger: BlockLedger;
  blockSize: number;
  lengths: SharedLengths;
  files: StoredContents;
  /** Digests of contents, if they are kept between builds. */
  contents: ContentDigests | undefined;
  earlier: EarlierFiles | undefined;
  /** Called with the number of bytes that were read, or that did not have to be. */
  onRead: (bytes: number) => void;
}

/**
 * From this many blocks in holes, it pays to wait for the digests of a file's blocks, since the next file may be the
 * same.
 */
const MANY_HOLES = 1024;
/** The digests of a file with more blocks are not kept. */
const MOST_DIGESTS = 2 ** 17;

interface OnBlock {
  /** Called with the number of a block in its file, and the block's digest. */
  onDigest: ((number: number, digest: Uint8Array) => void) | undefined;
  /** Called with the bytes of holes. */
  onHole: (length: number) => void;
}

/** Passes the contents of files of at least one block to the writer, each content once. */
export class LargeFiles {
  readonly #options: ContentOptions;
  /** Files by their {@link BlockHasher}: a small file could be made to have the same digest. */
  readonly #duplicates = new Duplicates();

  constructor(options: ContentOptions) {
    this.#options = options;
  }

  /** @throws PlatterError `E_FILE_CHANGED`, `E_INTERRUPTED`, errors of reading the image */
  async add(entry: FileEntry): Promise<void> {
    const { writer, lengths, files, blockSize, contents } = this.#options;
    const hasher = lengths.has(entry.size) ? new BlockHasher(entry.size) : undefined;
    const known = contents?.of(entry.inode);
    const count = Math.ceil(entry.size / blockSize);
    const isKept = contents !== undefined && known === undefined && count <= MOST_DIGESTS;
    const digests = isKept ? new Uint8Array(DIGEST * count) : undefined;
    const first = writer.next;
    const file = files.addBlocks(first);
    const onDigest = (number: number, digest: Uint8Array) => {
      hasher?.update(number, digest);
      digests?.set(digest, DIGEST * number);
    };
    const wanted = hasher === undefined && digests === undefined ? undefined : onDigest;
    const on = { onDigest: wanted, onHole: (length: number) => files.addHole(file, length) };
    const found = known === undefined ? NOTHING : await this.#addKnown(entry, known, on);
    const holes = found.holes + (found.blocks === count ? 0 : await this.#addRead(entry, found.blocks, on));
    if (wanted === undefined) return;
    const end = writer.next;
    let isTakenBack = false;
    // At this time the digests of all blocks are known, and no later block is written.
    await writer.whenWritten(() => {
      if (digests !== undefined) contents?.record(entry.inode, digests);
      const same = hasher && this.#duplicates.findOrAdd(hasher.digest(), file);
      if (same === undefined) return;
      writer.takeBack(first, end);
      files.setSame(file, same);
      isTakenBack = true;
    });
    if (hasher === undefined || holes / blockSize < MANY_HOLES) return;
    await writer.drain();
    if (isTakenBack) writer.continueAt(first);
  }

  /** Adds the first blocks of a file, as far as earlier squashfs files have them. */
  async #addKnown(entry: FileEntry, digests: Uint8Array, { onDigest, onHole }: OnBlock): Promise<Found> {
    const { packer, writer, ledger, blockSize, onRead } = this.#options;
    let [blocks, holes, pending] = [0, 0, 0];
    for (; DIGEST * blocks < digests.length; blocks++) {
      const number = blocks;
      const digest = digests.subarray(DIGEST * number, DIGEST * (number + 1));
      const length = Math.min(blockSize, entry.size - blockSize * number);
      if (isHoleDigest(digest)) {
        holes += length;
        pending++;
        onRead(length);
        continue;
      }
      const found = ledger.find(digest, length, packer);
      if (found === undefined) break;
      if (pending > 0) await writer.addHoles(pending);
      pending = 0;
      onRead(length);
      await writer.addStored(found, { length, onDigest: onDigest && ((digest) => onDigest(number, digest)) });
    }
    if (pending > 0) await writer.addHoles(pending);
    onHole(holes);
    return { blocks, holes };
  }

  /** Reads a file, and adds its blocks from the given number on. Returns the bytes in holes that need not be read. */
  async #addRead(entry: FileEntry, start: number, { onDigest, onHole }: OnBlock): Promise<number> {
    const { reader, packer, writer, blockSize, onRead, earlier } = this.#options;
    const before = earlier?.content(entry.path);
    let [next, holes] = [0, 0];
    for await (const content of reader.blocks(entry)) {
      const number = next;
      const length = "hole" in content ? content.hole : content.length;
      next += Math.ceil(length / blockSize);
      if (next <= start) {
        if ("data" in content) packer.giveBack(content.data);
        continue;
      }
      if ("hole" in content) {
        const blocks = next - Math.max(number, start);
        await writer.addHoles(blocks);
        holes += blocks * blockSize;
        onRead(blocks * blockSize);
        continue;
      }
      onRead(length);
      await writer.add(content, {
        length,
        onDigest: onDigest && ((digest) => onDigest(number, digest)),
        onHole: () => onHole(length),
        candidate: before?.block(number),
      });
    }
    onHole(holes);
    return holes;
  }
}

/** The first blocks of a file that were added without reading it, and the bytes in holes among them. */
interface Found {
  blocks: number;
  holes: number;
}

const NOTHING: Found = { blocks: 0, holes: 0 };

/** Whether a digest in `ContentDigests` is that of a block of zeros. */
function isHoleDigest(digest: Uint8Array): boolean {
  return digest.every((byte) => byte === 0);
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
