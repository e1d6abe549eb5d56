import type { BlockRecord } from "../squashfs/blocks/block-records.ts";
import {
  BlockTable,
  checksumOf,
  hasDigest,
  prefixOf,
  type StoredBlock,
  storedLength,
} from "../squashfs/blocks/block-table.ts";
import type { PartRecords } from "../squashfs/blocks/part-records.ts";
import { storedBytes } from "../squashfs/blocks/stored-block.ts";
import type { KnownFile, KnownFiles } from "./known-files.ts";
import { contentOf } from "./stored-content.ts";

/** Most small files that are searched. Each of them needs twenty bytes of memory. */
const MOST_PARTS = 2 ** 20;
/** Fragments whose content is kept, because the next small file is probably in one of them. */
const MOST_FRAGMENTS = 4;

/** A fragment of the squashfs in a file, at an offset from the squashfs's first byte. */
interface Fragment {
  fd: number;
  offset: number;
  /** Undefined if the fragment is damaged. */
  content: Uint8Array | undefined;
}

/** Contents in earlier squashfs files, by their SHA-256. Each content is compared with its digest. */
export class KnownContents {
  readonly #known: readonly KnownFiles[];
  readonly #blockSize: number;
  #blocks: BlockTable | undefined;
  #parts: PartLists | undefined;
  /** The last used is the last. */
  #fragments: readonly Fragment[] = [];

  /** The files must stay open. Their blocks have at most `blockSize` bytes. */
  constructor(known: readonly KnownFiles[], { blockSize }: { blockSize: number }) {
    this.#known = known;
    this.#blockSize = blockSize;
  }

  /** A content of `length` bytes, or a block of one. Undefined if no file has it undamaged. */
  content(digest: Uint8Array, length: number): Uint8Array | undefined {
    return this.#block(digest, length) ?? this.#part(digest, length);
  }

  #block(digest: Uint8Array, size: number): Uint8Array | undefined {
    this.#blocks ??= tableOf(this.#known);
    const found = this.#blocks.find(digest);
    const content = found && this.#decompressed(found, size);
    return content !== undefined && isContent(content, digest) ? content : undefined;
  }

  #part(digest: Uint8Array, size: number): Uint8Array | undefined {
    this.#parts ??= new PartLists(this.#known);
    for (const { file, block, offset } of this.#parts.with(prefixOf(digest, 0))) {
      const content = this.#fragment(file, file.blocks.at(block))?.subarray(offset, offset + size);
      if (content?.length === size && isContent(content, digest)) return content;
    }
    return undefined;
  }

  #fragment({ fd, start }: KnownFile, block: BlockRecord): Uint8Array | undefined {
    const { offset } = block;
    const isIt = (known: Fragment) => known.fd === fd && known.offset === offset;
    let fragment = this.#fragments.at(-1);
    if (fragment !== undefined && isIt(fragment)) return fragment.content;
    fragment = this.#fragments.find(isIt) ?? {
      fd,
      offset,
      content: this.#decompressed({ ...block, fd, offset: start + offset }, this.#blockSize),
    };
    // Not a Map: one whose first key is removed again and again keeps its old values alive.
    this.#fragments = [
      ...this.#fragments.filter((known) => !isIt(known)).slice(1 - MOST_FRAGMENTS),
      fragment,
    ];
    return fragment.content;
  }

  /** The content of a block, of at most `size` bytes. */
  #decompressed(block: StoredBlock, size: number): Uint8Array | undefined {
    const { fd, length, checksum } = block;
    const stored = storedBytes(block, new Uint8Array(storedLength(block)));
    const isSound = stored !== undefined && checksumOf(stored) === checksum;
    for (const known of this.#known) {
      if (isSound) known.onFound(fd);
      else known.onDamaged(fd);
    }
    return isSound ? contentOf(stored, { length, size }) : undefined;
  }
}

/** The small files of several squashfs files, by the start of their digests. */
class PartLists {
  readonly #files: { file: KnownFile; parts: PartRecords; first: number }[] = [];
  /** The start of a digest in the higher 32 bits, and the number of the small file in the lower 20. In order. */
  readonly #keys: Float64Array;

  constructor(known: readonly KnownFiles[]) {
    let count = 0;
    for (const files of known) {
      for (const file of files.files) {
        if (file.parts === undefined) continue;
        const parts = file.parts();
        if (parts === undefined) files.onDamaged(file.fd);
        if (parts === undefined || count + parts.count > MOST_PARTS) continue;
        this.#files.push({ file, parts, first: count });
        count += parts.count;
      }
    }
    this.#keys = new Float64Array(count);
    for (const { parts, first } of this.#files) {
      for (let i = 0; i < parts.count; i++)
        this.#keys[first + i] = parts.at(i).prefix * MOST_PARTS + first + i;
    }
    this.#keys.sort();
  }

  /** The places of small files whose digests start with these four bytes. */
  *with(prefix: number): Generator<{ file: KnownFile; block: number; offset: number }> {
    const keys = this.#keys;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (keys[middle]! < prefix * MOST_PARTS) low = middle + 1;
      else high = middle;
    }
    for (; low < keys.length && keys[low]! < (prefix + 1) * MOST_PARTS; low++) {
      const number = keys[low]! - prefix * MOST_PARTS;
      const { file, parts, first } = this.#files.findLast((each) => each.first <= number)!;
      yield { file, ...parts.at(number - first) };
    }
  }
}

function tableOf(known: readonly KnownFiles[]): BlockTable {
  const table = BlockTable.withRoom(known.reduce((sum, { count }) => sum + count, 0));
  for (const files of known) files.addTo(table);
  return table;
}

function isContent(content: Uint8Array, digest: Uint8Array): boolean {
  return hasDigest(Bun.CryptoHasher.hash("sha256", content), { entry: 0, digest });
}
