import type { FileRange } from "../bytes/byte-range.ts";
import { readAtSync } from "../bytes/chunk.ts";

export type Compression = "gzip" | "zstd" | "xz" | "bzip2" | "none";

/** Bytes that suffice to recognize a compression. */
export const MAGIC_LENGTH = 4;

/** The compression by the first bytes of a stream, because media types and file names may be wrong. */
export function compressionOf(start: Uint8Array): Compression {
  const [a, b, c, d] = start;
  if (a === 0x1f && b === 0x8b) return "gzip";
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return "zstd";
  // A zstd stream may begin with a skippable frame, as seekable writers do.
  if (a !== undefined && (a & 0xf0) === 0x50 && b === 0x2a && c === 0x4d && d === 0x18) return "zstd";
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58) return "xz";
  if (a === 0x42 && b === 0x5a && c === 0x68) return "bzip2";
  return "none";
}

/** The compression of a range of a file. @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
export function compressionIn({ file, start, length }: FileRange): Compression {
  const magic = new Uint8Array(Math.min(MAGIC_LENGTH, length));
  readAtSync(file, { target: magic, at: start });
  return compressionOf(magic);
}
