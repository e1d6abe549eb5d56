/** Bytes; a pipe gives a sixteenth of it at a time, and each step of the way costs as much for little as for much. */
const BLOCK = 1024 * 1024;

/** Gathers a stream's small pieces into large blocks, which are handed on in order, one at a time. */
export class BlockGatherer {
  readonly #take: (block: Uint8Array) => Promise<void>;
  readonly #block = Buffer.allocUnsafe(BLOCK);
  #used = 0;

  /** `take` may keep nothing of a block: it is filled anew once that is done. */
  constructor(take: (block: Uint8Array) => Promise<void>) {
    this.#take = take;
  }

  async add(piece: Uint8Array): Promise<void> {
    for (let done = 0; done < piece.length; ) {
      const part = piece.subarray(done, done + BLOCK - this.#used);
      this.#block.set(part, this.#used);
      this.#used += part.length;
      done += part.length;
      if (this.#used === BLOCK) await this.flush();
    }
  }

  /** Hands on what is there. */
  async flush(): Promise<void> {
    const block = this.#block.subarray(0, this.#used);
    this.#used = 0;
    if (block.length > 0) await this.#take(block);
  }
}
