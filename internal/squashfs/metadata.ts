import { type Codec, metadataBlock } from "./blocks/codec.ts";
import { METADATA_SIZE, type Reference } from "./blocks/format.ts";

/** A growing table of metadata blocks. Added bytes are cut into blocks of 8 KiB, each compressed separately. */
export class MetadataTable {
  readonly #codec: Codec;
  readonly #blocks: Buffer[] = [];
  readonly #current = Buffer.alloc(METADATA_SIZE);
  #used = 0;
  #length = 0;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /** The position of the next bytes. */
  get end(): Reference {
    return { block: this.#length, at: this.#used };
  }

  add(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const part = bytes.subarray(done, done + METADATA_SIZE - this.#used);
      this.#current.set(part, this.#used);
      this.#used += part.length;
      done += part.length;
      if (this.#used === METADATA_SIZE) this.#flush();
    }
  }

  /** The stored blocks, one after the other. */
  finish(): readonly Buffer[] {
    if (this.#used > 0) this.#flush();
    return this.#blocks;
  }

  #flush(): void {
    const block = metadataBlock(this.#current.subarray(0, this.#used), this.#codec);
    this.#blocks.push(block);
    this.#length += block.length;
    this.#used = 0;
  }
}

/**
 * A table for access by number: metadata blocks, followed by a list of their offsets. `start` is the offset of the
 * first block in the file system. The result's `list` is the offset of the list.
 */
export function lookupTable(
  content: Buffer,
  { start, codec }: { start: number; codec: Codec },
): { bytes: Buffer; list: number } {
  const parts: Buffer[] = [];
  const places: number[] = [];
  let end = start;
  for (let at = 0; at < content.length; at += METADATA_SIZE) {
    const block = metadataBlock(content.subarray(at, at + METADATA_SIZE), codec);
    places.push(end);
    parts.push(block);
    end += block.length;
  }
  return { bytes: Buffer.concat([...parts, placeList(places)]), list: end };
}

/** Numbers of 64 bits, one after the other. */
export function placeList(places: ArrayLike<number>): Buffer {
  const list = Buffer.alloc(8 * places.length);
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number;
    // A number of 64 bits would be an object for each place.
    list.writeUInt32LE(place % 2 ** 32, 8 * i);
    list.writeUInt32LE(Math.floor(place / 2 ** 32), 8 * i + 4);
  }
  return list;
}
