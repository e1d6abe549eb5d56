import type { FileHandle } from "node:fs/promises";
import { openInput } from "./open-input.ts";

/** Random access to bytes that do not change: an ISO, or a part of one. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Whether it is a disk, on which an ISO may be followed by bytes of an earlier use. */
  readonly isDisk?: boolean;
  /** The bytes at `offset`; fewer than `length` only at the end of the source. They may be in `room`. */
  read(offset: number, length: number, room?: Uint8Array): Promise<Uint8Array>;
}

export interface FileSource extends ByteSource, AsyncDisposable {
  /** The open file's descriptor. */
  readonly fd: number;
}

/**
 * A file, or a block device, as a source.
 * @throws PlatterError `E_ISO_OPEN` if it cannot be opened.
 */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await openInput(path, { code: "E_ISO_OPEN", flags: "r" });
  const size = await sizeOf(handle);
  return {
    fd: handle.fd,
    size,
    isDisk: (await handle.stat()).isBlockDevice(),
    // Offsets come from the ISO and may be any number, but the system refuses offsets beyond the largest file size.
    read: (offset, length, room) => {
      const count = Math.min(length, Math.max(0, size - offset));
      return readInto(handle, Math.min(offset, size), room?.subarray(0, count) ?? new Uint8Array(count));
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** The size of a regular file, or of a block device by searching for its last readable byte. */
export async function sizeOf(handle: FileHandle): Promise<number> {
  const info = await handle.stat();
  if (info.isFile()) return info.size;
  const probe = new Uint8Array(1);
  const isThere = async (offset: number) => (await handle.read(probe, 0, 1, offset)).bytesRead === 1;
  let low = 0;
  let high = 2048;
  while (await isThere(high - 1)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await isThere(middle - 1)) low = middle;
    else high = middle;
  }
  return low;
}

/** The bytes of a handle at `offset`, up to `length` bytes or the end of the file. */
export async function readFrom(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  return readInto(handle, offset, new Uint8Array(length));
}

/** Fills `target` from a byte of a file on. Returns the part that is filled, which is shorter at the end of the file. */
export async function readInto(handle: FileHandle, offset: number, target: Uint8Array): Promise<Uint8Array> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return target.subarray(0, done);
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(Math.min(offset, bytes.length), offset + length),
  };
}

/** A part of a source as a source. It ends at the latest at the end of the whole source. */
export function slice(source: ByteSource, offset: number, length: number): ByteSource {
  const start = Math.min(offset, source.size);
  const size = Math.max(0, Math.min(length, source.size - start));
  return {
    size,
    read: (at, count, room) =>
      source.read(start + Math.min(at, size), Math.max(0, Math.min(count, size - at)), room),
  };
}
