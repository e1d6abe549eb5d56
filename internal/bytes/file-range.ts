import { close, closeSync, constants, fstatSync, openSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { PlatterError } from "../base/error.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { machineError } from "../base/machine-error.ts";
import type { SkippableBytes } from "./byte-cursor.ts";
import { type FileStretch, type OpenedFile, READ_SIZE, readAtOnce, unreadableFile } from "./chunk.ts";
import { ContentStamp } from "./content-stamp.ts";

/** Pieces after which the event loop gets a turn: not even Ctrl-C would have one. */
const TURN = 16;

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

  /** Takes over a descriptor; `path` is what messages call it. */
  static of(fd: number, path: string): OpenFile {
    return new OpenFile(fd, path, fstatSync(fd).size);
  }

  /** @throws PlatterError `E_FILE_OPEN`, `E_FILE_KIND` */
  static open(path: string): OpenFile {
    let fd: number | undefined;
    try {
      // Without O_NONBLOCK a FIFO of that name would be waited for.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw notAFile(path);
      return new OpenFile(fd, path, stat.size);
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      throw machineError(error, { code: "E_FILE_OPEN", message: `Cannot open \`${path}\`` });
    }
  }

  /** Its descriptor, which stays this object's to close. @throws PlatterError `E_FILE_READ` once it is closed */
  get fd(): number {
    if (this.#fd === undefined) throw unreadableFile(new Error("it is closed"), this.path);
    return this.#fd;
  }

  /** A stamp for its content, as long as it is open. */
  stamp(): string {
    const stamp = new ContentStamp();
    stamp.add(fstatSync(this.fd, { bigint: true }));
    return stamp.finish();
  }

  /** All of it. */
  whole(): FilePart {
    return { file: this, start: 0, length: this.size };
  }

  /** The bytes from `start` on, `length` of them. */
  range(options: { start: number; length: number; signal: AbortSignal }): FileRange {
    return new FileRange(this, options);
  }

  /** Fills `buffer` from `position` on, without waiting. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
  readNow(buffer: Uint8Array, position: number): void {
    readAtOnce(this, { target: buffer, at: position });
  }

  /** Closes it on another thread: giving back the memory of a file that is nowhere else takes a while. */
  closeBeside(): void {
    if (this.#fd !== undefined) close(this.#fd);
    this.#fd = undefined;
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** A part of a file that stays open. */
export interface FilePart extends FileStretch {
  readonly file: OpenFile;
}

/** A part of a file whose owner must dispose of it. */
export interface HeldPart extends FilePart, Disposable {}

/** A part of a file that somebody else closes. */
export function lent(part: FilePart): HeldPart {
  return { ...part, [Symbol.dispose]: () => undefined };
}

/**
 * A range of a file as a stream of new chunks that can be skipped. Chunks are read synchronously: a thread of Bun's pool
 * costs more than a small read, and the decompressor needs that thread.
 */
export class FileRange implements SkippableBytes {
  readonly #file: OpenFile;
  readonly #signal: AbortSignal;
  readonly #end: number;
  #at: number;
  #pieces = 0;

  constructor(file: OpenFile, options: { start: number; length: number; signal: AbortSignal }) {
    this.#file = file;
    this.#signal = options.signal;
    this.#at = options.start;
    this.#end = options.start + options.length;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (++this.#pieces % TURN === 0) await setImmediate();
    throwIfAborted(this.#signal, "the reading of the image");
    const wanted = Math.min(READ_SIZE, this.#end - this.#at);
    if (wanted <= 0) return { done: true, value: undefined };
    const buffer = Buffer.allocUnsafeSlow(wanted);
    this.#file.readNow(buffer, this.#at);
    this.#at += wanted;
    return { done: false, value: buffer };
  }

  skip(length: number): number {
    const skipped = Math.max(0, Math.min(length, this.#end - this.#at));
    this.#at += skipped;
    return skipped;
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#at = this.#end;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function notAFile(path: string): PlatterError {
  return new PlatterError({
    code: "E_FILE_KIND",
    kind: "contract",
    message: `Cannot read \`${path}\`: it is not a regular file`,
  });
}
