import { readAtSync } from "../../bytes/chunk.ts";
import { BlockTable } from "./block-table.ts";
import { codecOf } from "./codec.ts";
import { digestOf, type PackedBlock, type PackRequest } from "./compressors.ts";
import { readStoredBlock, sameBlock } from "./stored-block.ts";

/**
 * Makes the stored bytes of blocks, one after the other: takes them from an earlier squashfs, or compresses the content.
 * It serves one squashfs, which has one table.
 */
export class Packer {
  #table: BlockTable | undefined;
  /** Contents that are read here. */
  #scratch = new Uint8Array(0);
  #zeros = new Uint8Array(0);

  /** @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
  pack(request: PackRequest): PackedBlock {
    const { data, options, digest: wish, known: memory, zeros, candidate } = request;
    const content = this.#contentOf(request);
    if (zeros === "hole" && this.#isZero(content))
      return { bytes: new Uint8Array(0), isCompressed: false, buffer: data };
    const digest = digestOf(content, wish);
    const parts = typeof wish === "string" ? undefined : wish.digests;
    const codec = codecOf(options);
    const found = digest && this.#tableOf(memory)?.find(digest);
    const known = found && readStoredBlock(found, content);
    const same = known ?? (candidate && codec && sameBlock(candidate, content, codec));
    const owned = { buffer: data, digest, parts, damagedIn: known === undefined ? found?.fd : undefined };
    if (same !== undefined) {
      const isCompressed = same !== content;
      const bytes = isCompressed ? same : this.#kept(content, data);
      return { ...owned, bytes, isCompressed, foundIn: (known === undefined ? candidate : found)?.fd };
    }
    const compressed = codec?.pack?.(content) as Uint8Array<ArrayBuffer> | undefined;
    const isCompressed = compressed !== undefined && compressed.length < content.length;
    return { ...owned, bytes: isCompressed ? compressed : this.#kept(content, data), isCompressed };
  }

  #contentOf({ data, source, length }: PackRequest): Uint8Array<ArrayBuffer> {
    if (source === undefined) return data!.subarray(0, length);
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length);
    const content = this.#scratch.subarray(0, length);
    readAtSync({ fd: source.fd, path: "" }, { target: content, at: source.at });
    return content;
  }

  /** A content that stays as it is when the next one is read. */
  #kept(content: Uint8Array<ArrayBuffer>, data: PackRequest["data"]): Uint8Array<ArrayBuffer> {
    return data === undefined ? content.slice() : content;
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
