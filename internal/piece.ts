import { read } from "node:fs";
import { promisify } from "node:util";
import { PlatterError } from "./error.ts";
import { machineError } from "./machine-error.ts";

const readAt = promisify(read);

const READ_SIZE = 256 * 1024;

/** The first bytes of an open file, in place of the bytes themselves: the kernel can pass them on without a copy. */
export interface FilePiece {
  /** A descriptor that stays open until the next piece is asked for. */
  readonly fd: number;
  /** In bytes. */
  readonly length: number;
  /** What messages call the file. */
  readonly path: string;
}

/** A part of a stream. */
export type Piece = Uint8Array | FilePiece;

/** The bytes of a file piece, from `start` on. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export async function* bytesOfFile(piece: FilePiece, start = 0): AsyncGenerator<Uint8Array> {
  for (let at = start; at < piece.length; ) {
    const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, piece.length - at));
    let length: number;
    try {
      length = (await readAt(piece.fd, buffer, 0, buffer.length, at)).bytesRead;
    } catch (error) {
      throw unreadableFile(error, piece.path);
    }
    if (length === 0) throw shrunkFile(piece.path);
    at += length;
    yield length === buffer.length ? buffer : buffer.subarray(0, length);
  }
}

/** A stream of pieces as bytes. */
export async function* bytesOf(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (piece instanceof Uint8Array) yield piece;
    else yield* bytesOfFile(piece);
  }
}

export function unreadableFile(error: unknown, path: string): PlatterError {
  return machineError(error, { code: "E_FILE_READ", message: `Cannot read \`${path}\`` });
}

export function shrunkFile(path: string): PlatterError {
  return new PlatterError({
    code: "E_FILE_SHRANK",
    kind: "machine",
    message: `\`${path}\` became shorter while it was read.`,
    hint: "Make sure that nothing else changes it, and try again.",
  });
}
