import { FFIType } from "bun:ffi";
import { fstatSync, ftruncateSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../base/interrupt.ts";
import type { FileRange } from "../bytes/byte-range.ts";
import { readAtSync, writeAtSync } from "../bytes/chunk.ts";
import { libcIfAny } from "../os/libc.ts";

const { i32, i64, i64_fast, ptr: pointer, u32, u64 } = FFIType;
const copying = libcIfAny({
  copy_file_range: { args: [i32, pointer, i32, pointer, u64, u32], returns: i64_fast },
});
const seeking = libcIfAny({ lseek: { args: [i32, i64, i32], returns: i64_fast } });

/** SEEK_DATA and SEEK_HOLE of lseek(2). */
const [SEEK_DATA, SEEK_HOLE] = [3, 4];

/** Bytes that the kernel copies in one call, and bytes of one read and write. A signal waits for one step at most. */
const STEP = { inKernel: 16 * 1024 * 1024, here: 1024 * 1024 };

interface CopyTarget {
  fd: number;
  /** Byte offset of the copy. No byte after it may be in use: holes of the source are not written. */
  offset: number;
}

interface CopyOptions {
  /** The interrupted action for messages, such as "the copying of the root file system". */
  what: string;
  signal: AbortSignal;
  /** Called with the bytes that were copied so far, holes included. */
  onBytes?: (done: number) => void;
}

/**
 * Copies a range of a file into another open file, which afterwards is at least as long as the copy's end. Holes stay
 * holes. The kernel copies (copy_file_range(2)), and some file systems then share the blocks. If the kernel refuses,
 * such as between two file systems, bytes are read and written.
 * @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK`, `E_INTERRUPTED`; the system's errors of writing
 */
export async function copyRange(source: FileRange, target: CopyTarget, options: CopyOptions): Promise<void> {
  const { start, length } = source;
  const copier = new Copier(source, target, options);
  for (let at = start; at < start + length; ) {
    const data = nextData(source, at);
    await copier.copy(data.start, data.end);
    at = data.end;
  }
  const end = target.offset + length;
  // The copy may end with a hole.
  if (fstatSync(target.fd).size < end) ftruncateSync(target.fd, end);
  options.onBytes?.(length);
}

class Copier {
  readonly #source: FileRange;
  readonly #target: CopyTarget;
  readonly #options: CopyOptions;
  #kernelCopies = true;
  #buffer: Uint8Array | undefined;

  constructor(source: FileRange, target: CopyTarget, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
  }

  /** Copies the source file's bytes from `start` to `end`. */
  async copy(start: number, end: number): Promise<void> {
    const { what, signal, onBytes } = this.#options;
    for (let at = start; at < end; ) {
      throwIfAborted(signal, what);
      at += this.#step(at, end - at);
      onBytes?.(at - this.#source.start);
      await setImmediate();
    }
  }

  /** Copies at most `length` bytes; returns how many were copied. */
  #step(at: number, length: number): number {
    const { file } = this.#source;
    const to = { fd: this.#target.fd, offset: this.#target.offset + at - this.#source.start };
    if (this.#kernelCopies) {
      const from = { fd: file.fd, offset: at };
      const copied = copyInKernel(from, to, Math.min(STEP.inKernel, length));
      if (copied > 0) return copied;
      // The reason for the refusal does not matter: reading and writing either succeed or report the error.
      this.#kernelCopies = false;
    }
    this.#buffer ??= new Uint8Array(STEP.here);
    const bytes = this.#buffer.subarray(0, Math.min(STEP.here, length));
    readAtSync(file, { target: bytes, at });
    writeAtSync(to.fd, bytes, to.offset);
    return bytes.length;
  }
}

interface FilePosition {
  fd: number;
  offset: number;
}

/** Bytes that the kernel copied; 0 or less if it cannot. */
function copyInKernel(from: FilePosition, to: FilePosition, length: number): number {
  const functions = copying();
  if (functions === undefined) return 0;
  const [source, target] = [from, to].map(({ offset }) => new BigInt64Array([BigInt(offset)])) as [
    BigInt64Array,
    BigInt64Array,
  ];
  return Number(functions.copy_file_range(from.fd, source, to.fd, target, length, 0));
}

/** The next bytes of a range, from byte `from` of its file on, that are not in a hole; empty at the end of the range. */
function nextData({ file, start, length }: FileRange, from: number): { start: number; end: number } {
  const end = start + length;
  const functions = seeking();
  if (functions === undefined) return { start: from, end };
  const data = Number(functions.lseek(file.fd, from, SEEK_DATA));
  // Some file systems do not support holes. A file without further data is a hole only up to its end.
  if (data < 0) return fstatSync(file.fd).size >= end ? { start: end, end } : { start: from, end };
  if (data >= end) return { start: end, end };
  const hole = Number(functions.lseek(file.fd, data, SEEK_HOLE));
  return { start: data, end: hole < 0 ? end : Math.min(hole, end) };
}
