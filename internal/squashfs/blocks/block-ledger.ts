import type { FileRegion } from "../../files/file-region.ts";
import { BlockRecords } from "./block-records.ts";
import type { BlockReuse } from "./block-reuse.ts";
import { BlockTable, checksumOf } from "./block-table.ts";
import type { PackedBlock } from "./compressors.ts";

/** The most blocks in the table. With more blocks, the memory of the table costs more than the time for compressing. */
const MOST_KNOWN = 2 ** 20;

/** The blocks of the file that is being written, and of earlier squashfs files. */
export class BlockLedger {
  readonly #region: FileRegion;
  readonly #reuse: BlockReuse | undefined;
  readonly #records = new BlockRecords();
  readonly #reused = new BlockRecords();
  #table: BlockTable | undefined;

  constructor(region: FileRegion, reuse: BlockReuse | undefined) {
    this.#region = region;
    this.#reuse = reuse;
  }

  /** Whether each block needs a digest, or only blocks that may be duplicates. */
  get digests(): "all" | "duplicates" {
    return this.#reuse === undefined ? "duplicates" : "all";
  }

  /** The memory of the table in which blocks are looked up. */
  get memory(): SharedArrayBuffer | undefined {
    return this.#table?.memory;
  }

  /** Prepares for at most this number of blocks of the file. */
  expect(blocks: number): void {
    const known = this.#reuse?.known;
    const room = (known?.count ?? 0) + blocks;
    if (room === 0) return;
    this.#table = BlockTable.withRoom(Math.min(room, MOST_KNOWN));
    known?.addTo(this.#table);
  }

  /** Adds a block at a byte offset of the region. `length` is the length as an inode has it. */
  add(block: PackedBlock, { offset, length, bytes }: { offset: number; length: number; bytes: Uint8Array }) {
    const { digest, foundIn, damagedIn } = block;
    if (digest === undefined) return;
    const { fd, offset: at } = this.#region.placeOf(offset);
    const checksum = checksumOf(bytes);
    this.#table?.add(digest, { fd, offset: at, length, checksum });
    if (this.#reuse === undefined) return;
    const record = { digest, offset, length, checksum };
    this.#records.add(record);
    if (damagedIn !== undefined) this.#reuse.known?.onDamaged(damagedIn);
    if (foundIn === undefined || foundIn === fd) return;
    this.#reused.add(record);
    this.#reuse.known?.onFound(foundIn);
  }

  /** Forgets blocks from an offset on, which were taken back. Only blocks that are known from elsewhere are. */
  cutAt(offset: number): void {
    this.#records.cutAt(offset);
    this.#reused.cutAt(offset);
  }

  /** All blocks are written. */
  finish(): void {
    const [bytes, reusedBytes] = [this.#records.storedBytes, this.#reused.storedBytes];
    this.#reuse?.onUse({ blocks: this.#records, bytes, reusedBytes });
  }
}
