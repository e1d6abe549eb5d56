import { STORED_BLOCK } from "./format.ts";

/** Bytes of a digest: SHA-256, or SHA-512/256 for a fragment. */
export const DIGEST = 32;
/** Bytes of an entry: digest, checksum, offset, descriptor, length. */
const ENTRY = DIGEST + 8 + 8 + 4 + 4;

/** A block as it is stored in a file that is open for reading. */
export interface StoredBlock {
  fd: number;
  /** Offset in the file, in bytes. */
  offset: number;
  /** The block's length as an inode has it, with `STORED_BLOCK` if it is not compressed. */
  length: number;
  /** The stored bytes' {@link checksumOf}. */
  checksum: bigint;
}

/** The 64-bit XXH3 of the bytes. It detects damage, but not a deliberate change. */
export function checksumOf(bytes: Uint8Array): bigint {
  return Bun.hash.xxHash3(bytes) as bigint;
}

/** Length in bytes of a block in its file. */
export function storedLength({ length }: Pick<StoredBlock, "length">): number {
  return length & (STORED_BLOCK - 1);
}

/**
 * Stored blocks by the SHA-256 of their content, in memory that threads share. One thread adds blocks, and all threads find
 * them. Of several blocks with the same digest, the table keeps the first.
 */
export class BlockTable {
  /** Memory of the table. Another thread passes it to {@link sharing}. */
  readonly memory: SharedArrayBuffer;
  /** One more than the entry's number; 0 is free. Open addressing, at most half full. */
  readonly #slots: Uint32Array;
  readonly #digests: Uint8Array;
  readonly #checksums: BigUint64Array;
  readonly #offsets: Float64Array;
  readonly #descriptors: Int32Array;
  readonly #lengths: Uint32Array;
  readonly #capacity: number;
  #count = 0;

  private constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    const capacity = capacityOf(memory.byteLength);
    this.#capacity = capacity;
    let at = 0;
    const take = (bytes: number) => {
      at += bytes;
      return at - bytes;
    };
    this.#checksums = new BigUint64Array(memory, take(8 * capacity), capacity);
    this.#offsets = new Float64Array(memory, take(8 * capacity), capacity);
    this.#digests = new Uint8Array(memory, take(DIGEST * capacity), DIGEST * capacity);
    this.#descriptors = new Int32Array(memory, take(4 * capacity), capacity);
    this.#lengths = new Uint32Array(memory, take(4 * capacity), capacity);
    this.#slots = new Uint32Array(memory, take(8 * capacity), 2 * capacity);
  }

  /** An empty table with room for a number of blocks. The system allocates each page of the memory at its first use. */
  static withRoom(blocks: number): BlockTable {
    return new BlockTable(new SharedArrayBuffer(Math.max(1, blocks) * (ENTRY + 8)));
  }

  /** The table that another thread fills. */
  static sharing(memory: SharedArrayBuffer): BlockTable {
    return new BlockTable(memory);
  }

  /** Number of blocks in the table. */
  get count(): number {
    return this.#count;
  }

  find(digest: Uint8Array): StoredBlock | undefined {
    const entry = Atomics.load(this.#slots, this.#slotOf(digest)) - 1;
    if (entry < 0) return undefined;
    return {
      fd: this.#descriptors[entry] as number,
      offset: this.#offsets[entry] as number,
      length: this.#lengths[entry] as number,
      checksum: this.#checksums[entry] as bigint,
    };
  }

  /** Adds a block if its digest is new and there is room. */
  add(digest: Uint8Array, { fd, offset, length, checksum }: StoredBlock): void {
    const slot = this.#slotOf(digest);
    if (this.#count === this.#capacity || this.#slots[slot] !== 0) return;
    const entry = this.#count++;
    this.#digests.set(digest, DIGEST * entry);
    this.#descriptors[entry] = fd;
    this.#offsets[entry] = offset;
    this.#lengths[entry] = length;
    this.#checksums[entry] = checksum;
    // The entry is complete before other threads see it.
    Atomics.store(this.#slots, slot, entry + 1);
  }

  /** The slot of a digest's entry, or the free slot for it. */
  #slotOf(digest: Uint8Array): number {
    const size = this.#slots.length;
    for (let at = firstSlot(digest, { start: 0, slots: size }); ; at = (at + 1) % size) {
      const entry = Atomics.load(this.#slots, at) - 1;
      if (entry < 0 || hasDigest(this.#digests, { entry, digest })) return at;
    }
  }
}

/** The slot where the search for the digest at byte `start` of `digests` begins, in a table of this many slots. */
export function firstSlot(digests: Uint8Array, { start, slots }: { start: number; slots: number }): number {
  return prefixOf(digests, start) % slots;
}

/** The first four bytes of the digest at byte `start`, as a number. */
export function prefixOf(digests: Uint8Array, start: number): number {
  const [a, b, c, d] = [
    digests[start],
    digests[start + 1],
    digests[start + 2],
    digests[start + 3],
  ] as number[];
  return (a! | (b! << 8) | (c! << 16) | (d! << 24)) >>> 0;
}

/** Whether an entry of a column of digests is this digest. */
export function hasDigest(
  digests: Uint8Array,
  { entry, digest }: { entry: number; digest: Uint8Array },
): boolean {
  const start = DIGEST * entry;
  for (let i = 0; i < DIGEST; i++) if (digests[start + i] !== digest[i]) return false;
  return true;
}

function capacityOf(bytes: number): number {
  return Math.floor(bytes / (ENTRY + 8));
}
