import { zstdCompressSync } from "node:zlib";

/** A chunk of members in the table of a layer, which says that it has `length` bytes. */
export function memberChunk(content: Uint8Array, length = content.length): Buffer {
  const packed = zstdCompressSync(content);
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(packed.length, 0);
  lengths.writeUInt32LE(length, 4);
  return Buffer.concat([lengths, packed]);
}
