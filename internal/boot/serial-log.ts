import { closeSync, openSync, writeSync } from "node:fs";

/**
 * The most bytes of a serial line that are kept. The system in the machine is not trusted, and may write without end.
 */
const LIMIT = 64 * 1024 * 1024;

/** Writes the bytes of the machine's serial line to a file. */
export class SerialLog implements Disposable {
  readonly #file: number;
  readonly #limit: number;
  #written = 0;

  constructor(path: string, limit = LIMIT) {
    this.#file = openSync(path, "w");
    this.#limit = limit;
  }

  write(chunk: Uint8Array): void {
    const room = this.#limit - this.#written;
    if (room <= 0) return;
    this.#written += writeSync(this.#file, chunk.subarray(0, room));
    if (this.#written >= this.#limit) writeSync(this.#file, "\n(the rest was not kept)\n");
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
