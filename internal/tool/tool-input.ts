import { FFIType } from "bun:ffi";
import { closeSync, writeSync } from "node:fs";
import { bytesOfFile, type Chunk, type FileStretch, shrunkFile, unreadableFile } from "../chunk.ts";
import { PlatterError } from "../error.ts";
import { ERRNO_LOCATION, errnoOfCall, libcOnDemand } from "../libc.ts";
import { errnoOf } from "../machine-error.ts";

const SYMBOLS = {
  pipe2: { args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
  fcntl: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  splice: {
    args: [FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.u32],
    returns: FFIType.i64_fast,
  },
  ...ERRNO_LOCATION,
} as const;

/** Of open(2) and fcntl(2). */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const SPLICE_F_NONBLOCK = 2;
const ERRNO: Readonly<Record<number, string>> = { 5: "EIO", 11: "EAGAIN", 32: "EPIPE" };

/** Bytes in the pipe, as many as anyone may have: few turns for much. The system may give less. */
const PIPE_SIZE = 1024 * 1024;
/** Milliseconds that a full pipe is left alone at most. */
const LONGEST_PAUSE = 16;
/** Milliseconds of work after which signals and timers get their turn. */
const TURN = 30;

const libc = libcOnDemand(SYMBOLS, noPipe);

/**
 * A tool's standard input: a large pipe, written to without ever waiting in the kernel. What is a file goes from the page
 * cache into the pipe without a copy (splice(2)), and is read and written where the file system cannot do that.
 */
export class ToolInput implements Disposable {
  /** The tool's end of the pipe, to be closed once the tool has it. */
  readonly end: number;
  readonly #fd: number;
  readonly #size: number;
  #closed = false;
  /** Bytes written since the pipe was last full. */
  #moved = 0;
  #pause = 1;
  #turn = performance.now();

  constructor() {
    const { pipe2, fcntl } = libc();
    const ends = new Int32Array(2);
    // Close-on-exec: another tool that starts meanwhile must not hold this one's input open.
    if (pipe2(ends, O_CLOEXEC) !== 0) throw noPipe([]);
    this.end = ends[0] as number;
    this.#fd = ends[1] as number;
    fcntl(this.#fd, F_SETFL, O_NONBLOCK);
    const size = fcntl(this.#fd, F_SETPIPE_SZ, PIPE_SIZE);
    this.#size = size > 0 ? size : 4096;
  }

  /**
   * Resolves once the pipe has taken all of a chunk. Throws EPIPE if the tool does not read any more.
   * @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK`
   */
  async write(chunk: Chunk): Promise<void> {
    if (chunk instanceof Uint8Array) await this.#writeBytes(chunk);
    else await this.#writeFile(chunk);
    if (performance.now() - this.#turn < TURN) return;
    await new Promise(setImmediate);
    this.#turn = performance.now();
  }

  /** Ends the input. */
  [Symbol.dispose](): void {
    if (!this.#closed) closeSync(this.#fd);
    this.#closed = true;
  }

  async #writeBytes(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += this.#count(writeSync(this.#fd, bytes, done, bytes.length - done));
      } catch (error) {
        if (errnoOf(error) !== "EAGAIN") throw error;
        await this.#wait();
      }
    }
  }

  async #writeFile({ file, start, length }: FileStretch): Promise<void> {
    const offset = BigInt64Array.of(BigInt(start));
    for (let done = 0; done < length; ) {
      const left = length - done;
      const moved = Number(libc().splice(file.fd, offset, this.#fd, null, left, SPLICE_F_NONBLOCK));
      if (moved > 0) {
        done += this.#count(moved);
        continue;
      }
      if (moved === 0) throw shrunkFile(file.path);
      const errno = ERRNO[errnoOfCall(libc())];
      if (errno === "EAGAIN") await this.#wait();
      else if (errno === "EPIPE") throw Object.assign(new Error(errno), { code: errno });
      else if (errno === "EIO") throw unreadableFile({ code: errno }, file.path);
      else {
        const rest = { file, start: start + done, length: left };
        for await (const bytes of bytesOfFile(rest)) await this.#writeBytes(bytes);
        return;
      }
    }
  }

  #count(length: number): number {
    this.#moved += length;
    return length;
  }

  /**
   * Leaves a full pipe alone for a while, so long that a good part of it has been read and never all: waking up for
   * each page that the tool takes would cost more than the writing.
   */
  async #wait(): Promise<void> {
    if (this.#moved * 2 > this.#size) this.#pause = this.#pause >> 1;
    else if (this.#moved * 4 < this.#size) this.#pause = Math.min(this.#pause * 2 || 1, LONGEST_PAUSE);
    this.#moved = 0;
    if (this.#pause === 0) await new Promise(setImmediate);
    else await Bun.sleep(this.#pause);
    this.#turn = performance.now();
  }
}

function noPipe(detail: string[]): PlatterError {
  return new PlatterError({
    code: "E_PIPE",
    kind: "machine",
    message: "Cannot make a pipe to a tool.",
    detail,
  });
}
