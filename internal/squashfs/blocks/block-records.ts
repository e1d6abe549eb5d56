import { withRoom } from "../../bytes/columns.ts";
import { checksumOf, DIGEST, type StoredBlock, storedLength } from "./block-table.ts";

/** A block of a squashfs: its offset counts from the squashfs's first byte. */
export type BlockRecord = Omit<StoredBlock, "fd"> & { digest: Uint8Array };

/** Blocks of a squashfs in the order in which they were added, in columns: a desktop image has tens of thousands. */
export class BlockRecords {
  #digests = new Uint8Array(512 * DIGEST);
  #offsets = new Float64Array(512);
  #lengths = new Uint32Array(512);
  /** 64-bit numbers in pairs of 32 bits. */
  #checksums = new Uint32Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ digest, offset, length, checksum }: BlockRecord): void {
    const at = this.#count++;
    this.#digests = withRoom(this.#digests, this.#count * DIGEST);
    this.#offsets = withRoom(this.#offsets, this.#count);
    this.#lengths = withRoom(this.#lengths, this.#count);
    this.#checksums = withRoom(this.#checksums, 2 * this.#count);
    this.#digests.set(digest, at * DIGEST);
    this.#offsets[at] = offset;
    this.#lengths[at] = length;
    this.#checksums[2 * at] = Number(checksum & 0xffffffffn);
    this.#checksums[2 * at + 1] = Number(checksum >> 32n);
  }

  /** The record with this number in the order of adding. Its digest is valid until the next record is added. */
  at(index: number): BlockRecord {
    return {
      digest: this.#digests.subarray(index * DIGEST, (index + 1) * DIGEST),
      offset: this.#offsets[index] as number,
      length: this.#lengths[index] as number,
      checksum:
        BigInt(this.#checksums[2 * index] as number) |
        (BigInt(this.#checksums[2 * index + 1] as number) << 32n),
    };
  }

  /** Drops the last records if they are at this offset or after it. */
  cutAt(offset: number): void {
    while (this.#count > 0 && (this.#offsets[this.#count - 1] as number) >= offset) this.#count--;
  }

  *[Symbol.iterator](): Generator<BlockRecord> {
    for (let at = 0; at < this.#count; at++) yield this.at(at);
  }

  /** Checksum of the blocks: that of their checksums, in the order of adding. */
  get checksum(): bigint {
    return checksumOf(new Uint8Array(this.#checksums.buffer, 0, 8 * this.#count));
  }

  /** Bytes that the blocks have in the squashfs. */
  get storedBytes(): number {
    let sum = 0;
    for (let at = 0; at < this.#count; at++) sum += storedLength({ length: this.#lengths[at] as number });
    return sum;
  }
}
