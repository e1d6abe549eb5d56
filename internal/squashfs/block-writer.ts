import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../base/interrupt.ts";
import { withRoom } from "../bytes/columns.ts";
import type { FileRegion } from "../files/file-region.ts";
import type { Compressors, PackedBlock } from "./compressors.ts";
import { STORED_BLOCK } from "./format.ts";

/**
 * Blocks that may wait for each processor: enough that none has nothing to do while this thread does something else,
 * such as looking into the initramfs. Where so many would take more than some megabytes, fewer will do.
 */
const WAITING = { least: 3, most: 8, bytes: 64 * 1024 * 1024 };

export interface BlockWriterOptions {
  /** Undefined where blocks are stored as they are. */
  compressors: Compressors | undefined;
  blockSize: number;
  signal: AbortSignal;
}

/** So many holes in a row are worth waiting for the blocks before them. */
const MANY_HOLES = 16;

/** Blocks after which the event loop gets a turn. */
const TURN = 8;

interface Pending {
  /** 0 for a hole. */
  length: number;
  block: PackedBlock | Promise<PackedBlock>;
}

/**
 * Data blocks on their way into the file: compressed on all processors, written in the order in which they came.
 * A block is known by its number in that order.
 */
export class BlockWriter {
  readonly #region: FileRegion;
  readonly #compressors: Compressors | undefined;
  readonly #blockSize: number;
  readonly #signal: AbortSignal;
  readonly #free: Uint8Array<ArrayBuffer>[] = [];
  readonly #limit: number;
  #pending: Pending[] = [];
  #places = new Float64Array(1024);
  #lengths = new Uint32Array(1024);
  /** Blocks that were taken; those that are not pending are written. */
  #taken = 0;
  #position: number;
  #turns = 0;

  /** The first block is written at byte `position` of the region. */
  constructor({ region, position }: { region: FileRegion; position: number }, about: BlockWriterOptions) {
    this.#region = region;
    this.#position = position;
    this.#compressors = about.compressors;
    this.#blockSize = about.blockSize;
    this.#signal = about.signal;
    const { least, most, bytes } = WAITING;
    const processors = availableParallelism();
    this.#limit = Math.max(processors * least, Math.min(processors * most, bytes / about.blockSize));
  }

  /** The number that the next block gets. */
  get next(): number {
    return this.#taken;
  }

  /** The region's byte offset where the next bytes go, once all blocks are written. */
  get position(): number {
    return this.#position;
  }

  /** Room for one block, which {@link add} or {@link giveBack} takes again. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.#blockSize);
  }

  /**
   * Takes the first `length` bytes of a {@link buffer} as the next block; waits where too many are on their way.
   * @throws PlatterError `E_INTERRUPTED`
   */
  async add(data: Uint8Array<ArrayBuffer>, length: number): Promise<void> {
    const block = this.#compressors?.pack(data, length) ?? { data, packed: undefined };
    // It is waited for in its turn.
    if (block instanceof Promise) block.catch(() => undefined);
    await this.#take({ length, block });
  }

  giveBack(data: Uint8Array<ArrayBuffer>): void {
    this.#free.push(data);
  }

  /** Gives the event loop a turn from time to time: not even Ctrl-C would have one. @throws PlatterError `E_INTERRUPTED` */
  async turn(): Promise<void> {
    if (++this.#turns % TURN === 0) await setImmediate();
    throwIfAborted(this.#signal, "the squash");
  }

  /** Takes blocks of zeros, which need no room in the file. @throws PlatterError `E_INTERRUPTED` */
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
    await this.turn();
  }

  /** Writes all that is on its way. */
  async drain(): Promise<void> {
    while (this.#pending.length > 0) await this.#writeOne();
  }

  /** Takes back all blocks from a number on; their places are used again. */
  async takeBack(from: number): Promise<void> {
    await this.drain();
    if (from < this.#taken) this.#position = this.#places[from] as number;
    this.#taken = from;
  }

  /** Waits until nothing is compressed any more, whatever became of it. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#pending.map(({ block }) => block));
    this.#pending = [];
  }

  /** The byte offset in the region of a block that was written. */
  placeOf(block: number): number {
    return this.#places[block] as number;
  }

  /** A block's length as an inode or a fragment table tells it; 0 is a hole. */
  lengthOf(block: number): number {
    return this.#lengths[block] as number;
  }

  async #take(pending: Pending): Promise<void> {
    this.#pending.push(pending);
    this.#taken++;
    while (this.#pending.length >= this.#limit) await this.#writeOne();
    await this.turn();
  }

  async #writeOne(): Promise<void> {
    const { length, block } = this.#pending[0] as Pending;
    const { data, packed } = await block;
    const number = this.#taken - this.#pending.length;
    this.#pending.shift();
    const bytes = packed ?? data.subarray(0, length);
    this.#places = withRoom(this.#places, number + 1);
    this.#lengths = withRoom(this.#lengths, number + 1);
    this.#places[number] = this.#position;
    this.#lengths[number] = length === 0 ? 0 : bytes.length | (packed === undefined ? STORED_BLOCK : 0);
    this.#region.write(bytes, this.#position);
    this.#position += bytes.length;
    if (length > 0) this.giveBack(data);
  }
}

const HOLE: PackedBlock = { data: new Uint8Array(0), packed: undefined };
