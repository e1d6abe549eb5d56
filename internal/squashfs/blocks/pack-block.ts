import { readAtSync } from "../../bytes/chunk.ts";
import { BlockTable } from "./block-table.ts";
import { type Codec, codecOf } from "./codec.ts";
import { digestOf, type PackedBlock, type PackRequest } from "./compressors.ts";
import { readStoredBlock, sameBlock } from "./stored-block.ts";

/**
 * Makes the stored bytes of blocks, one after the other: takes them from an earlier squashfs, or compresses the content.
 * It serves one squashfs, which has one table.
 */
export class Packer {
  #table: BlockTable | undefined;
  /** Room for a second block, because the first is in the request's buffer. */
  #scratch = new Uint8Array(0);
  #zeros = new Uint8Array(0);

  /** @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
  pack(request: PackRequest): PackedBlock {
    const { buffer, options, digest: wish, known: memory, zeros, candidate } = request;
    if (this.#scratch.length < buffer.length) this.#scratch = new Uint8Array(buffer.length);
    const content = this.#contentOf(request);
    const room = request.source === undefined ? this.#scratch : buffer;
    if (zeros === "hole" && this.#isZero(content)) {
      return { buffer, bytes: buffer.subarray(0, 0), isCompressed: false };
    }
    const digest = digestOf(content, wish);
    const parts = typeof wish === "string" ? undefined : wish.digests;
    const codec = codecOf(options);
    const found = digest && this.#tableOf(memory)?.find(digest);
    const known = found && readStoredBlock(found, content, room);
    const same = known ?? (candidate && codec && sameBlock(candidate, content, { room, codec }));
    const foundIn = same && (known === undefined ? candidate : found)?.fd;
    const damagedIn = known === undefined ? found?.fd : undefined;
    const stored = same ?? compressed(content, codec);
    const isCompressed = stored !== content;
    return { buffer, bytes: moved(stored, buffer), isCompressed, digest, parts, foundIn, damagedIn };
  }

  #contentOf({ buffer, source, length }: PackRequest): Uint8Array<ArrayBuffer> {
    if (source === undefined) return buffer.subarray(0, length);
    const content = this.#scratch.subarray(0, length);
    readAtSync({ fd: source.fd, path: "" }, { target: content, at: source.at });
    return content;
  }

  #isZero(content: Uint8Array): boolean {
    if (this.#zeros.length < content.length) this.#zeros = new Uint8Array(content.length);
    return Buffer.compare(content, this.#zeros.subarray(0, content.length)) === 0;
  }

  #tableOf(memory: SharedArrayBuffer | undefined): BlockTable | undefined {
    if (memory === undefined) return undefined;
    this.#table ??= BlockTable.sharing(memory);
    return this.#table;
  }
}

/** The compressed content, or the content itself if compression does not make it shorter. */
function compressed(content: Uint8Array<ArrayBuffer>, codec: Codec | undefined): Uint8Array {
  const packed = codec?.pack?.(content);
  return packed !== undefined && packed.length < content.length ? packed : content;
}

/** The same bytes at the start of a buffer. */
function moved(bytes: Uint8Array, buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (bytes.buffer !== buffer.buffer) buffer.set(bytes);
  return buffer.subarray(0, bytes.length);
}
