import { withRoom } from "../../bytes/columns.ts";
import type { FileRegion } from "../../files/file-region.ts";
import type { BlockPacker } from "./block-packer.ts";
import { BlockRecords } from "./block-records.ts";
import { type BlockReuse, NO_SOURCE } from "./block-reuse.ts";
import { BlockTable, checksumOf, DIGEST, prefixOf, storedLength } from "./block-table.ts";
import type { PackedBlock } from "./compressors.ts";
import { STORED_BLOCK } from "./format.ts";
import type { FragmentParts } from "./fragment-digest.ts";
import { PartRecords } from "./part-records.ts";
import { checkedBlock } from "./stored-block.ts";

/** The most blocks in the table. With more blocks, the memory of the table costs more than the time for compressing. */
const MOST_KNOWN = 2 ** 20;

/** Stands for a digest that is not needed: the block is never looked up. */
const NO_DIGEST = new Uint8Array(DIGEST);
/** The place of a block that was written. */
interface WrittenBlock {
  offset: number;
  /** The length as an inode has it. */
  length: number;
  /** The files in a fragment. */
  parts: FragmentParts | undefined;
}

/** The blocks of the file that is being written, and of earlier squashfs files. */
export class BlockLedger {
  readonly #region: FileRegion;
  readonly #reuse: BlockReuse | undefined;
  readonly #records = new BlockRecords();
  /** For each record the descriptor of the earlier file that has the block. */
  #sources = new Int32Array(512);
  readonly #parts = new PartRecords();
  #table: BlockTable | undefined;

  constructor(region: FileRegion, reuse: BlockReuse | undefined) {
    this.#region = region;
    this.#reuse = reuse;
  }

  /** Whether each block needs a digest, or only blocks that may be duplicates. */
  get digests(): "all" | "duplicates" {
    return this.#reuse?.digests ?? "duplicates";
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

  /** Checksum of all blocks that are in the file. */
  get checksum(): bigint {
    return this.#records.checksum;
  }

  /** A block of `size` bytes of content as it is in this file or in an earlier one. Undefined if it must be compressed. */
  find(digest: Uint8Array, size: number, packer: BlockPacker): PackedBlock | undefined {
    const found = this.#table?.find(digest);
    if (found === undefined) return undefined;
    const buffer = packer.buffer();
    const bytes = checkedBlock(found, size, buffer);
    if (bytes === undefined) {
      packer.giveBack(buffer);
      this.#reuse?.known?.onDamaged(found.fd);
      return undefined;
    }
    const isCompressed = (found.length & STORED_BLOCK) === 0;
    return { bytes, isCompressed, buffer, digest, foundIn: found.fd };
  }

  /** Adds a block at a byte offset of the region. `length` is the length as an inode has it, and 0 for a hole. */
  add(block: PackedBlock, written: WrittenBlock) {
    const { bytes, digest, foundIn, damagedIn } = block;
    const { offset, length } = written;
    if (length === 0) return;
    const { fd, offset: at } = this.#region.placeOf(offset);
    const checksum = checksumOf(bytes);
    const record = { digest: digest ?? NO_DIGEST, offset, length, checksum };
    this.#records.add(record);
    if (digest !== undefined) this.#table?.add(digest, { fd, offset: at, length, checksum });
    if (this.#reuse === undefined) return;
    this.#addParts(block, written);
    if (damagedIn !== undefined) this.#reuse.known?.onDamaged(damagedIn);
    const { count } = this.#records;
    this.#sources = withRoom(this.#sources, count);
    const isEarlier = foundIn !== undefined && foundIn !== fd;
    this.#sources[count - 1] = isEarlier ? foundIn : NO_SOURCE;
    if (isEarlier) this.#reuse.known?.onFound(foundIn);
  }

  #addParts({ parts: digests }: PackedBlock, { parts }: WrittenBlock): void {
    if (digests === undefined || parts === undefined) return;
    const block = this.#records.count - 1;
    let offset = 0;
    for (const [i, length] of parts.lengths.entries()) {
      this.#parts.add({ prefix: prefixOf(digests, DIGEST * i), block, offset });
      offset += length;
    }
  }

  /** Forgets blocks from an offset on, which were taken back. Only blocks that are known from elsewhere are. */
  cutAt(offset: number): void {
    this.#records.cutAt(offset);
  }

  /** All blocks are written. */
  finish(): void {
    if (this.#reuse === undefined) return;
    const [blocks, parts] = [this.#records, this.#parts];
    const sources = this.#sources.subarray(0, blocks.count);
    let reusedBytes = 0;
    for (const [i, source] of sources.entries())
      if (source !== NO_SOURCE) reusedBytes += storedLength(blocks.at(i));
    this.#reuse.onUse({ blocks, sources, parts, bytes: blocks.storedBytes, reusedBytes });
  }
}
