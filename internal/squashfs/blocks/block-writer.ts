import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../base/interrupt.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { FileRegion } from "../../files/file-region.ts";
import type { BlockLedger } from "./block-ledger.ts";
import type { BlockContent, BlockPacker } from "./block-packer.ts";
import type { Candidate } from "./block-reuse.ts";
import type { PackedBlock } from "./compressors.ts";
import { STORED_BLOCK } from "./format.ts";
import type { FragmentParts } from "./fragment-digest.ts";

/**
 * The number of blocks that may wait for each processor, so that no processor is idle while this thread does other work,
 * such as reading the initramfs. `bytes` limits the memory of all waiting blocks.
 */
const WAITING = { least: 3, most: 8, bytes: 64 * 1024 * 1024 };

export interface BlockWriterOptions {
  ledger: BlockLedger;
  packer: BlockPacker;
  blockSize: number;
  signal: AbortSignal;
}

/** From this number of holes in a row, it is faster to write all pending blocks and add the holes together. */
const MANY_HOLES = 16;

/** Blocks after which the event loop gets a turn. */
const TURN = 8;

interface PendingBlock extends AddOptions {
  block: PackedBlock | Promise<PackedBlock>;
}

/** Blocks, functions that are called between the blocks around them, and files that those before them are read from. */
type Pending = PendingBlock | (() => void) | Disposable;

export interface AddOptions {
  /** Bytes of the content. 0 for a hole. */
  length: number;
  /** The files in a fragment, if their digest is to be that of the block. */
  parts?: FragmentParts | undefined;
  /** Called with the SHA-256 of the block's content when the block is written. A hole does not have one. */
  onDigest?: ((digest: Uint8Array) => void) | undefined;
  /** Called with the SHA-256 digests of `parts`, one after the other, when the fragment is written. */
  onParts?: ((digests: Uint8Array) => void) | undefined;
  /** Called if the content is zeros, which then become a hole. Without it they are stored. */
  onHole?: (() => void) | undefined;
  /** A block of an earlier squashfs that probably has the content. */
  candidate?: Candidate | undefined;
}

/**
 * Writes data blocks into the file: compressed on all processors, and in the order in which they were added. Each block is
 * identified by its number in that order.
 */
export class BlockWriter {
  readonly #region: FileRegion;
  readonly #packer: BlockPacker;
  readonly #signal: AbortSignal;
  readonly #ledger: BlockLedger;
  readonly #limit: number;
  #pending: Pending[] = [];
  #places = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  /** The number of blocks that were added, and of those that are written. */
  #taken = 0;
  #written = 0;
  #position: number;
  #turns = 0;

  /** The first block is written at byte `position` of the region. */
  constructor({ region, position }: { region: FileRegion; position: number }, options: BlockWriterOptions) {
    this.#region = region;
    this.#position = position;
    this.#packer = options.packer;
    this.#signal = options.signal;
    this.#ledger = options.ledger;
    const { least, most, bytes } = WAITING;
    const processors = availableParallelism();
    this.#limit = Math.max(processors * least, Math.min(processors * most, bytes / options.blockSize));
  }

  /** The number that the next block gets. */
  get next(): number {
    return this.#taken;
  }

  /** The region's byte offset where the next bytes go, once all blocks are written. */
  get position(): number {
    return this.#position;
  }

  /**
   * Adds the next block. Waits if too many blocks are pending.
   * @throws PlatterError `E_INTERRUPTED`, `E_FILE_READ`, `E_FILE_SHRANK`
   */
  async add(content: BlockContent, options: AddOptions): Promise<void> {
    const block = this.#pack(content, options);
    // Prevents an unhandled rejection. The error surfaces when the block is written.
    if (block instanceof Promise) block.catch(() => undefined);
    await this.#take({ ...options, block });
  }

  /** Adds a block as an earlier squashfs has it, or this one. @throws PlatterError `E_INTERRUPTED` */
  async addStored(block: PackedBlock, options: AddOptions): Promise<void> {
    await this.#take({ ...options, block });
  }

  /** Calls `then` after the blocks before it are written, and before the next block. @throws PlatterError `E_INTERRUPTED` */
  async whenWritten(then: () => void): Promise<void> {
    this.#pending.push(then);
    await this.#turn();
  }

  /** Disposes of a file after the blocks before it are written or abandoned. */
  release(file: Disposable): void {
    this.#pending.push(file);
  }

  /** Adds blocks of zeros, which do not take space in the file. @throws PlatterError `E_INTERRUPTED` */
  async addHoles(count: number): Promise<void> {
    if (count < MANY_HOLES) {
      for (let i = 0; i < count; i++) await this.#take({ length: 0, block: HOLE });
      return;
    }
    await this.drain();
    const end = this.#taken + count;
    this.#places = withRoom(this.#places, end);
    this.#lengths = withRoom(this.#lengths, end);
    this.#places.fill(this.#position, this.#taken, end);
    this.#lengths.fill(0, this.#taken, end);
    this.#taken = end;
    this.#written = end;
    await this.#turn();
  }

  /** Writes all pending blocks. @throws the system's error */
  async drain(): Promise<void> {
    while (this.#pending.length > 0) await this.#writeNext();
  }

  /** Removes the blocks from `first` to `end`, which must be the last ones written. Their space is used again. */
  takeBack(first: number, end: number): void {
    if (first === end) return;
    this.#position = this.#places[first] as number;
    this.#ledger.cutAt(this.#position);
  }

  /** Sets the number of the next block, after this block and all later blocks were removed. Call {@link drain} first. */
  continueAt(number: number): void {
    this.#taken = number;
    this.#written = number;
  }

  /** Waits until all compression has ended, and drops the results and errors. */
  async abandon(): Promise<void> {
    const pending = this.#pending.splice(0);
    await Promise.allSettled(pending.map((each) => ("block" in each ? each.block : undefined)));
    for (const each of pending) if (Symbol.dispose in each) each[Symbol.dispose]();
  }

  /** The byte offset in the region of a block that was written. */
  placeOf(block: number): number {
    return this.#places[block] as number;
  }

  /** A block's length as an inode or a fragment table has it; 0 is a hole. */
  lengthOf(block: number): number {
    return this.#lengths[block] as number;
  }

  #pack(content: BlockContent, options: AddOptions): PackedBlock | Promise<PackedBlock> {
    const { length, parts, onDigest, onHole, candidate } = options;
    const isWanted = onDigest !== undefined || this.#ledger.digests === "all";
    return this.#packer.pack(content, {
      length,
      digest: parts ?? (isWanted ? "wanted" : "unneeded"),
      zeros: onHole === undefined ? "stored" : "hole",
      known: this.#ledger.memory,
      candidate,
    });
  }

  async #take(pending: PendingBlock): Promise<void> {
    this.#pending.push(pending);
    this.#taken++;
    while (this.#pending.length >= this.#limit) await this.#writeNext();
    await this.#turn();
  }

  /** Yields to the event loop from time to time, so that Ctrl-C is handled. @throws PlatterError `E_INTERRUPTED` */
  async #turn(): Promise<void> {
    if (++this.#turns % TURN === 0) await setImmediate();
    throwIfAborted(this.#signal, "the squash");
  }

  async #writeNext(): Promise<void> {
    const pending = this.#pending[0] as Pending;
    if ("block" in pending) this.#write(pending, await pending.block);
    this.#pending.shift();
    if (typeof pending === "function") pending();
    if (Symbol.dispose in pending) pending[Symbol.dispose]();
  }

  #write({ parts, onDigest, onParts, onHole }: PendingBlock, block: PackedBlock): void {
    const { bytes, isCompressed, digest, buffer } = block;
    const number = this.#written++;
    this.#places = withRoom(this.#places, number + 1);
    this.#lengths = withRoom(this.#lengths, number + 1);
    const stored = bytes.length === 0 ? 0 : bytes.length | (isCompressed ? 0 : STORED_BLOCK);
    this.#places[number] = this.#position;
    this.#lengths[number] = stored;
    if (stored === 0) onHole?.();
    else this.#region.write(bytes, this.#position);
    if (digest !== undefined) onDigest?.(digest);
    if (block.parts !== undefined) onParts?.(block.parts);
    this.#ledger.add(block, { offset: this.#position, length: stored, parts });
    this.#position += bytes.length;
    if (buffer !== undefined) this.#packer.giveBack(buffer);
  }
}

const HOLE: PackedBlock = { bytes: new Uint8Array(0), isCompressed: false };
