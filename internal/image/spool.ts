import { closeSync, read, readSync, write, writeSync } from "node:fs";
import { promisify } from "node:util";
import { punchHole } from "../file-space.ts";
import { throwIfAborted } from "../interrupt.ts";
import { machineError } from "../machine-error.ts";
import { READ_SIZE } from "./file-range.ts";
import type { Content } from "./image-tree.ts";
import { openUnnamed } from "./unnamed-file.ts";

const writeAt = promisify(write);
const readAt = promisify(read);

/** Up to this many bytes a call is quicker than handing the work to another thread. */
const SMALL = 64 * 1024;

/** From this many bytes on a freed stretch is given back to the disk, and not only used again. */
const LARGE = 256 * 1024;

/** Where a spooled content is: in memory, or in the file. */
export type SpoolSlot =
  | { readonly memory: Uint8Array }
  | { readonly offset: number; readonly length: number };

/**
 * Keeps contents for later: in memory up to a budget, beyond that in a file without a name, whose space is used again
 * for what comes after something was freed.
 */
export class Spool implements Disposable {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #name: string;
  #memoryLeft: number;
  #fd: number | undefined;
  #end = 0;
  /** Free stretches of the file, ascending, never touching each other: offset to length. */
  #free: { offset: number; length: number }[] = [];
  #disposed = false;

  constructor(options: { directory: string; name: string; memoryBudget: number; signal: AbortSignal }) {
    this.#directory = options.directory;
    this.#name = options.name;
    this.#memoryLeft = options.memoryBudget;
    this.#signal = options.signal;
  }

  /** Keeps a content of exactly `length` bytes. @throws PlatterError `E_SPOOL_WRITE` */
  async keep(content: Content, length: number): Promise<SpoolSlot> {
    if (length <= this.#memoryLeft) {
      this.#memoryLeft -= length;
      // Copied, so that a small file does not hold on to the large chunk that it came in.
      const memory = new Uint8Array(length);
      let filled = 0;
      for await (const piece of content) {
        memory.set(piece, filled);
        filled += piece.length;
      }
      return { memory };
    }
    const slot = { offset: this.#allocate(length), length };
    let at = slot.offset;
    for await (const piece of content) {
      throwIfAborted(this.#signal, "the reading of the image");
      await this.#write(piece, at);
      at += piece.length;
    }
    return slot;
  }

  async *read(slot: SpoolSlot): AsyncGenerator<Uint8Array> {
    if ("memory" in slot) {
      if (slot.memory.length > 0) yield slot.memory;
      return;
    }
    for (let done = 0; done < slot.length; ) {
      throwIfAborted(this.#signal, "the reading of the image");
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, slot.length - done));
      const length = await this.#read(buffer, slot.offset + done);
      done += length;
      yield length === buffer.length ? buffer : buffer.subarray(0, length);
    }
  }

  /** A whole content, read into `buffer` where it is not in memory. @throws PlatterError `E_SPOOL_READ` */
  readNow(slot: SpoolSlot, buffer: Uint8Array): Uint8Array {
    if ("memory" in slot) return slot.memory;
    throwIfAborted(this.#signal, "the reading of the image");
    try {
      const fd = this.#file();
      for (let done = 0; done < slot.length; ) {
        const bytesRead = readSync(fd, buffer, done, slot.length - done, slot.offset + done);
        if (bytesRead === 0) throw tooShort();
        done += bytesRead;
      }
    } catch (error) {
      throw this.#unreadable(error);
    }
    return buffer.subarray(0, slot.length);
  }

  /** Gives a slot's space back. */
  free(slot: SpoolSlot): void {
    if ("memory" in slot) {
      this.#memoryLeft += slot.memory.length;
      return;
    }
    if (this.#fd !== undefined && slot.length >= LARGE) punchHole(this.#fd, slot);
    let { offset, length } = slot;
    const kept: { offset: number; length: number }[] = [];
    for (const hole of this.#free) {
      if (hole.offset + hole.length === offset) {
        offset = hole.offset;
        length += hole.length;
      } else if (offset + length === hole.offset) length += hole.length;
      else kept.push(hole);
    }
    if (offset + length === this.#end) this.#end = offset;
    else kept.push({ offset, length });
    this.#free = kept.sort((a, b) => a.offset - b.offset);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #allocate(length: number): number {
    const index = this.#free.findIndex((hole) => hole.length >= length);
    const hole = this.#free[index];
    if (hole === undefined) {
      const offset = this.#end;
      this.#end += length;
      return offset;
    }
    const offset = hole.offset;
    if (hole.length === length) this.#free.splice(index, 1);
    else this.#free[index] = { offset: offset + length, length: hole.length - length };
    return offset;
  }

  async #write(piece: Uint8Array, position: number): Promise<void> {
    try {
      const fd = this.#file();
      for (let done = 0; done < piece.length; ) {
        const length = piece.length - done;
        done +=
          length <= SMALL
            ? writeSync(fd, piece, done, length, position + done)
            : (await writeAt(fd, piece, done, length, position + done)).bytesWritten;
      }
    } catch (error) {
      throw machineError(error, {
        code: "E_SPOOL_WRITE",
        message: `Cannot keep a part of the image in \`${this.#directory}\``,
        hint: "Name a folder with more space with --work.",
      });
    }
  }

  async #read(buffer: Uint8Array, position: number): Promise<number> {
    try {
      const fd = this.#file();
      const bytesRead =
        buffer.length <= SMALL
          ? readSync(fd, buffer, 0, buffer.length, position)
          : (await readAt(fd, buffer, 0, buffer.length, position)).bytesRead;
      if (bytesRead === 0) throw tooShort();
      return bytesRead;
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  #unreadable(error: unknown): unknown {
    return machineError(error, {
      code: "E_SPOOL_READ",
      message: `Cannot read back a part of the image from \`${this.#directory}\``,
    });
  }

  #file(): number {
    if (this.#disposed) throw new Error("it is closed");
    this.#fd ??= openUnnamed(this.#directory, this.#name);
    return this.#fd;
  }
}

function tooShort(): Error {
  return new Error("it is shorter than what was written to it");
}
