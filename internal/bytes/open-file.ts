import { close, closeSync, constants, fstatSync, openSync } from "node:fs";
import { PlatterError } from "../base/error.ts";
import { machineError } from "../base/machine-error.ts";
import type { FileRange, OpenedFile } from "./byte-range.ts";
import { unreadableFile } from "./chunk.ts";

/** A regular file that is open for reading at any offset. */
export class OpenFile implements OpenedFile, Disposable {
  readonly size: number;
  #fd: number | undefined;

  private constructor(
    fd: number,
    readonly path: string,
    size: number,
  ) {
    this.#fd = fd;
    this.size = size;
  }

  /** Takes over a descriptor. Messages name the file by `path`. */
  static of(fd: number, path: string): OpenFile {
    return new OpenFile(fd, path, fstatSync(fd).size);
  }

  /** @throws PlatterError `E_FILE_OPEN`, `E_FILE_KIND` */
  static open(path: string): OpenFile {
    let fd: number | undefined;
    try {
      // Without O_NONBLOCK opening a FIFO would block.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw notAFile(path);
      return new OpenFile(fd, path, stat.size);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      throw machineError(error, { code: "E_FILE_OPEN", message: `Cannot open \`${path}\`` });
    }
  }

  /** The file's descriptor, which only this object closes. @throws PlatterError `E_FILE_READ` after it was closed */
  get fd(): number {
    if (this.#fd === undefined) throw unreadableFile(new Error("it is closed"), this.path);
    return this.#fd;
  }

  /** The range of the whole file. */
  whole(): FileRange {
    return { file: this, start: 0, length: this.size };
  }

  /** Closes it on another thread, because releasing the memory of an unnamed file takes time. */
  closeInBackground(): void {
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

function notAFile(path: string): PlatterError {
  return new PlatterError({
    code: "E_FILE_KIND",
    kind: "contract",
    message: `Cannot read \`${path}\`: it is not a regular file`,
  });
}
