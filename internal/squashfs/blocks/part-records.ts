import { withRoom } from "../../bytes/columns.ts";

/** A small file in a squashfs. */
export interface PartRecord {
  /** The `prefixOf` of the content's SHA-256. */
  prefix: number;
  /** The number of the fragment in the squashfs's `BlockRecords`. */
  block: number;
  /** Offset of the content in the fragment, in bytes. */
  offset: number;
}

/** The small files of a squashfs in columns: an image may have hundreds of thousands. */
export class PartRecords {
  #prefixes = new Uint32Array(1024);
  #blocks = new Uint32Array(1024);
  #offsets = new Uint32Array(1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ prefix, block, offset }: PartRecord): void {
    const at = this.#count++;
    this.#prefixes = withRoom(this.#prefixes, this.#count);
    this.#blocks = withRoom(this.#blocks, this.#count);
    this.#offsets = withRoom(this.#offsets, this.#count);
    this.#prefixes[at] = prefix;
    this.#blocks[at] = block;
    this.#offsets[at] = offset;
  }

  at(index: number): PartRecord {
    return {
      prefix: this.#prefixes[index] as number,
      block: this.#blocks[index] as number,
      offset: this.#offsets[index] as number,
    };
  }

  *[Symbol.iterator](): Generator<PartRecord> {
    for (let at = 0; at < this.#count; at++) yield this.at(at);
  }
}
