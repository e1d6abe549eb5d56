import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../base/interrupt.ts";
import { withRoom } from "../../bytes/columns.ts";
import type { FileRegion } from "../../files/file-region.ts";
import type { BlockLedger } from "./block-ledger.ts";
import { type Compressors, digestOf, type PackedBlock, type PackRequest } from "./compressors.ts";
import { STORED_BLOCK } from "./format.ts";
import type { FragmentParts } from "./fragment-digest.ts";

/**
 * The number of blocks that may wait for each processor, so that no processor is idle while this thread does other work,
 * such as reading the initramfs. `bytes` limits the memory of all waiting blocks.
 */
const WAITING = { least: 3, most: 8, bytes: 64 * 1024 * 1024 };

export interface BlockWriterOptions {
  ledger: BlockLedger;
  /** Undefined if blocks are stored without compression. */
  compressors: Compressors | undefined;
  blockSize: number;
  signal: AbortSignal;
}

/** From this number of holes in a row, it is faster to write all pending blocks and add the holes together. */
const MANY_HOLES = 16;

/** Blocks after which the event loop gets a turn. */
const TURN = 8;

interface PendingBlock {
  /** 0 for a hole. */
  length: number;
  block: PackedBlock | Promise<PackedBlock>;
  parts?: FragmentParts | undefined;
  onDigest?: ((digest: Uint8Array) => void) | undefined;
  onParts?: ((digests: Uint8Array) => void) | undefined;
}

/** Blocks, and functions that are called between the blocks around them. */
type Pending = PendingBlock | (() => void);

export interface AddOptions {
  /** Bytes of the buffer that are the block. */
  length: number;
  /** The files in a fragment, if their digest is to be that of the block. */
  parts?: FragmentParts | undefined;
  /** Called with the SHA-256 of the block's content when the block is written. */
  onDigest?: PendingBlock["onDigest"];
  /** Called with the SHA-256 digests of `parts`, one after the other, when the fragment is written. */
  onParts?: PendingBlock["onParts"];
}

/**
 * Writes data blocks into the file: compressed on all processors, and in the order in which they were added. Each block is
 * identified by its number in that order.
 */
export class BlockWriter {
  readonly #region: FileRegion;
  readonly #compressors: Compressors | undefined;
  readonly #blockSize: number;
  readonly #signal: AbortSignal;
  readonly #ledger: BlockLedger;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
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
    this.#compressors = options.compressors;
    this.#blockSize = options.blockSize;
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

  /** A buffer for one block. Pass it to {@link add} or {@link giveBack} afterwards. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.#blockSize);
  }

  /**
   * Adds the first bytes of a {@link buffer} as the next block. Waits if too many blocks are pending.
   * @throws PlatterError `E_INTERRUPTED`
   */
  async add(data: Uint8Array<ArrayBuffer>, options: AddOptions): Promise<void> {
    const { length, parts, onDigest } = options;
    const isWanted = onDigest !== undefined || this.#ledger.digests === "all";
    const block = this.#pack(data, { length, digest: parts ?? (isWanted ? "wanted" : "unneeded") });
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

  giveBack(data: Uint8Array<ArrayBuffer>): void {
    this.#free.push(data);
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
    await Promise.allSettled(
      this.#pending.map((pending) => (typeof pending === "function" ? undefined : pending.block)),
    );
    this.#pending = [];
  }

  /** The byte offset in the region of a block that was written. */
  placeOf(block: number): number {
    return this.#places[block] as number;
  }

  /** A block's length as an inode or a fragment table has it; 0 is a hole. */
  lengthOf(block: number): number {
    return this.#lengths[block] as number;
  }

  #pack(
    data: Uint8Array<ArrayBuffer>,
    { length, digest }: Pick<PackRequest, "length" | "digest">,
  ): PackedBlock | Promise<PackedBlock> {
    if (this.#compressors !== undefined) {
      return this.#compressors.pack(data, { length, digest, known: this.#ledger.memory });
    }
    const content = data.subarray(0, length);
    return { data, packed: undefined, digest: digestOf(content, digest) };
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
    if (typeof pending !== "function") this.#write(pending, await pending.block);
    this.#pending.shift();
    if (typeof pending === "function") pending();
  }

  #write({ length, parts, onDigest, onParts }: PendingBlock, block: PackedBlock): void {
    const { data, packed, digest } = block;
    const bytes = packed ?? data.subarray(0, length);
    const number = this.#written++;
    this.#places = withRoom(this.#places, number + 1);
    this.#lengths = withRoom(this.#lengths, number + 1);
    const stored = length === 0 ? 0 : bytes.length | (packed === undefined ? STORED_BLOCK : 0);
    this.#places[number] = this.#position;
    this.#lengths[number] = stored;
    this.#region.write(bytes, this.#position);
    if (digest !== undefined) onDigest?.(digest);
    if (block.parts !== undefined) onParts?.(block.parts);
    this.#ledger.add(block, { offset: this.#position, length: stored, bytes, parts });
    this.#position += bytes.length;
    // A hole and a block of an earlier squashfs do not have a buffer.
    if (data.length === this.#blockSize) this.giveBack(data);
  }
}

const HOLE: PackedBlock = { data: new Uint8Array(0), packed: undefined };
