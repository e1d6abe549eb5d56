import { closeSync, constants, fstatSync, openSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { FILE_SYSTEM, startWriting } from "./file-space.ts";

/** Milliseconds between two looks at the file. */
const INTERVAL = 25;
/** Bytes that may wait in memory. */
const STEP = 4 * 1024 * 1024;

/**
 * While a file is being made on btrfs, has the system write it to the disk in pieces of some megabytes: btrfs gives an
 * extent back only as a whole, and would make one of all that has waited.
 */
export class SteadyWriting implements Disposable {
  readonly #path: string;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #fd: number | undefined;
  #begun = 0;

  constructor(path: string) {
    this.#path = path;
    if (statfsSync(dirname(path)).type === FILE_SYSTEM.btrfs)
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
