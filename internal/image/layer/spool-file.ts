import { closeSync, read, readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { machineError } from "../../base/machine-error.ts";
import type { ByteRange } from "../../bytes/byte-range.ts";
import { punchHole } from "../../os/file-space.ts";
import { openUnnamed } from "../../os/unnamed-file.ts";

const writeAt = promisify(write);
const readAt = promisify(read);

/** Up to this many bytes a call is quicker than handing the work to another thread. */
const SMALL_WRITE = 64 * 1024;

/** A file without a name for contents that do not fit into memory. It is made with the first write. */
export class SpoolFile implements Disposable {
  readonly #directory: string;
  readonly #name: string;
  #fd: number | undefined;
  #disposed = false;

  /** `directory` must exist; `name` is shown in /proc. */
  constructor(directory: string, name: string) {
    this.#directory = directory;
    this.#name = name;
  }

  /** @throws PlatterError `E_SPOOL_WRITE` */
  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      const fd = this.#open();
      for (let done = 0; done < bytes.length; ) {
        const length = bytes.length - done;
        done +=
          length <= SMALL_WRITE
            ? writeSync(fd, bytes, done, length, position + done)
            : (await writeAt(fd, bytes, done, length, position + done)).bytesWritten;
      }
    } catch (error) {
      throw machineError(error, {
        code: "E_SPOOL_WRITE",
        message: `Cannot keep a part of the image in \`${this.#directory}\``,
        hint: "Use --work with a folder that has more space.",
      });
    }
  }

  /** Reads into `buffer`; returns the number of bytes, at least 1. @throws PlatterError `E_SPOOL_READ` */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    try {
      const { bytesRead } = await readAt(this.#open(), buffer, 0, buffer.length, position);
      if (bytesRead === 0) throw tooShort();
      return bytesRead;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** Fills the start of `target` with a range of the file. @throws PlatterError `E_SPOOL_READ` */
  readSync({ start, length }: ByteRange, target: Uint8Array): void {
    try {
      const fd = this.#open();
      for (let done = 0; done < length; ) {
        const bytesRead = readSync(fd, target, done, length - done, start + done);
        if (bytesRead === 0) throw tooShort();
        done += bytesRead;
      }
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  /** Gives a range's space back to the file system. */
  release(range: ByteRange): void {
    if (this.#fd !== undefined) punchHole(this.#fd, range);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #unreadable(error: unknown): unknown {
    return machineError(error, {
      code: "E_SPOOL_READ",
      message: `Cannot read back a part of the image from \`${this.#directory}\``,
    });
  }

  #open(): number {
    if (this.#disposed) throw new Error("it is closed");
    this.#fd ??= openUnnamed(this.#directory, this.#name);
    return this.#fd;
  }
}

function tooShort(): Error {
  return new Error("it is shorter than what was written to it");
}
