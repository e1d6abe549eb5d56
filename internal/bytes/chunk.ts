import { read, readSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { PlatterError } from "../base/error.ts";
import { machineError } from "../base/machine-error.ts";
import type { FileRange, OpenedFile } from "./byte-range.ts";

const readAt = promisify(read);

/** Bytes of one read: enough to be cheap, and few enough for 130 open layers. */
export const READ_SIZE = 256 * 1024;

/** The bytes of a range of a file. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export async function* rangeBytes({ file, start, length: whole }: FileRange): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < whole; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, whole - done));
    let length: number;
    try {
      length = (await readAt(file.fd, buffer, 0, buffer.length, start + done)).bytesRead;
    } catch (error) {
      throw unreadableFile(error, file.path);
    }
    if (length === 0) throw shrunkFile(file.path);
    done += length;
    yield length === buffer.length ? buffer : buffer.subarray(0, length);
  }
}

/** Fills `target` synchronously from byte `at` of a file on. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export function readAtSync(file: OpenedFile, { target, at }: { target: Uint8Array; at: number }): void {
  for (let done = 0; done < target.length; ) {
    let length: number;
    try {
      length = readSync(file.fd, target, done, target.length - done, at + done);
    } catch (error) {
      throw unreadableFile(error, file.path);
    }
    if (length === 0) throw shrunkFile(file.path);
    done += length;
  }
}

/** All bytes of a range of a file, read synchronously. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export function rangeBytesSync({ file, start, length }: FileRange): Uint8Array {
  const bytes = new Uint8Array(length);
  readAtSync(file, { target: bytes, at: start });
  return bytes;
}

/** All chunks as one, which has `size` bytes. @throws RangeError if it has more */
export async function joined(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  // New memory costs more than copying, so it is allocated once.
  const bytes = new Uint8Array(size);
  let used = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, used);
    used += chunk.length;
  }
  return bytes.subarray(0, used);
}

/**
 * Writes all bytes synchronously, from byte `position` of a file on. Without a position it writes at the current offset of
 * the open file description. @throws the system's error
 */
export function writeAtSync(fd: number, bytes: Uint8Array, position?: number): void {
  for (let done = 0; done < bytes.length; ) {
    const at = position === undefined ? null : position + done;
    done += writeSync(fd, bytes, done, bytes.length - done, at);
  }
}

/**
 * The same chunks, with a turn of the event loop before each. Without the turns, synchronous reading would block all
 * other work, such as the next blocks for compressing threads.
 */
export async function* inTurns(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await setImmediate();
    yield chunk;
  }
}

export function unreadableFile(error: unknown, path: string): PlatterError {
  return machineError(error, { code: "E_FILE_READ", message: `Cannot read \`${path}\`` });
}

function shrunkFile(path: string): PlatterError {
  return new PlatterError({
    code: "E_FILE_SHRANK",
    kind: "machine",
    message: `Cannot read \`${path}\`: it became shorter while platter read it`,
    hint: "Make sure that no other program changes it, and try again.",
  });
}
