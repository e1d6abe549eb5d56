import { ByteCursor } from "../bytes/byte-cursor.ts";
import { BLOCK, isZeroBlock } from "./header.ts";
import { EXTENDED_LIMIT, padded } from "./pax.ts";
import { tarError } from "./tar-error.ts";

/** A tar archive as blocks and ranges of bytes, none of which may be cut off. */
export class TarBlocks implements AsyncDisposable {
  readonly archive: string;
  readonly #cursor: ByteCursor;

  constructor(source: AsyncIterable<Uint8Array>, archive: string) {
    this.#cursor = new ByteCursor(source);
    this.archive = archive;
  }

  /** Bytes consumed so far. */
  get position(): number {
    return this.#cursor.position;
  }

  /** The next header block without waiting; undefined at the archive's end, or if it is not available. */
  headerAtHand(): Uint8Array | undefined {
    const block = this.#cursor.take(BLOCK);
    if (block === undefined || !isZeroBlock(block)) return block;
    this.#cursor.unread(block);
    return undefined;
  }

  /** The next header block; undefined at the archive's end, with its end marks or without. @throws PlatterError */
  async header(): Promise<Uint8Array | undefined> {
    const block = this.#cursor.take(BLOCK) ?? (await this.#cursor.read(BLOCK));
    if (block.length === 0) return undefined;
    if (block.length < BLOCK) throw this.truncated();
    if (!isZeroBlock(block)) return block;
    // After a block of zeros comes another one, or the end. Other data would be lost if the first block ended the
    // archive.
    const after = await this.#cursor.read(BLOCK);
    if (after.length < BLOCK || isZeroBlock(after)) return undefined;
    throw tarError("E_TAR_CHECKSUM", this.archive, "members follow after a single block of zeros");
  }

  /** One block that is not a header. @throws PlatterError `E_TAR_TRUNCATED` */
  async block(): Promise<Uint8Array> {
    const block = await this.#cursor.read(BLOCK);
    if (block.length < BLOCK) throw this.truncated();
    return block;
  }

  /** The data of an extended header. @throws PlatterError `E_TAR_PAX` if it is too large, `E_TAR_TRUNCATED` */
  async extended(size: number): Promise<Uint8Array> {
    if (size > EXTENDED_LIMIT) throw tooLarge(this.archive);
    const data = await this.#cursor.read(padded(size));
    if (data.length < padded(size)) throw this.truncated();
    return data.subarray(0, size);
  }

  /** At least one and at most `limit` bytes in one piece. @throws PlatterError `E_TAR_TRUNCATED` */
  async piece(limit: number): Promise<Uint8Array> {
    for (;;) {
      const piece = this.#cursor.piece(limit);
      if (piece.length > 0) return piece;
      if (!(await this.#cursor.more())) throw this.truncated();
    }
  }

  /** Up to `limit` bytes without waiting; possibly empty. */
  pieceAtHand(limit: number): Uint8Array {
    return this.#cursor.piece(limit);
  }

  /** Skips bytes if all of them are available without waiting. Otherwise returns false. */
  skipAtHand(length: number): boolean {
    return this.#cursor.skipAtHand(length);
  }

  /** Skips a content. Its padding may be missing at the end of the stream. @throws PlatterError `E_TAR_TRUNCATED` */
  async skip(length: number, padding: number): Promise<void> {
    if ((await this.#cursor.skip(length)) < length) throw this.truncated();
    await this.#cursor.skip(padding);
  }

  /** Reads to the end of the stream. */
  async drain(): Promise<void> {
    await this.#cursor.drain();
  }

  truncated(): Error {
    return tarError("E_TAR_TRUNCATED", this.archive, `it ends in the middle, at byte ${this.position}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cursor[Symbol.asyncDispose]();
  }
}

export function tooLarge(archive: string): Error {
  return tarError("E_TAR_PAX", archive, `an extended header is larger than ${EXTENDED_LIMIT} bytes`);
}
