import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { startWriting } from "./file-space.ts";

/** Milliseconds between two looks at the file. */
const INTERVAL = 25;
/** Bytes that may wait in memory. */
const STEP = 4 * 1024 * 1024;

/**
 * While a tool writes a file, has the system write it to the disk in pieces of some megabytes: at the end little is left
 * to write, and btrfs, which gives an extent back only as a whole, makes no large ones.
 */
export class SteadyWriting implements Disposable {
  readonly #path: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #fd: number | undefined;
  #begun = 0;

  constructor(path: string) {
    this.#path = path;
    this.#timer = setInterval(() => this.#look(), INTERVAL);
  }

  #look(): void {
    try {
      this.#fd ??= openSync(this.#path, constants.O_WRONLY);
      const { size } = fstatSync(this.#fd);
      if (size - this.#begun < STEP) return;
      startWriting(this.#fd);
      this.#begun = size;
    } catch {
      // It is not there yet, or appears only at the end.
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#fd !== undefined) closeSync(this.#fd);
  }
}
