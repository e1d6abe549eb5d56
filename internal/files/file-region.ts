import { ftruncateSync } from "node:fs";
import { writeAtSync } from "../bytes/chunk.ts";

/** The part of an open file from a byte offset to the file's end. Offsets in the region count from its start. */
export class FileRegion {
  readonly #fd: number;
  readonly #start: number;

  constructor(fd: number, start: number) {
    this.#fd = fd;
    this.#start = start;
  }

  /** Writes all bytes synchronously. @throws the system's error */
  write(bytes: Uint8Array, offset: number): void {
    writeAtSync(this.#fd, bytes, this.#start + offset);
  }

  /** The position of a byte offset in the file. */
  placeOf(offset: number): { fd: number; offset: number } {
    return { fd: this.#fd, offset: this.#start + offset };
  }

  /** Ends the file `length` bytes after the region's start: longer content is cut off, a shorter region reads as zeros. */
  truncate(length: number): void {
    ftruncateSync(this.#fd, this.#start + length);
  }
}
