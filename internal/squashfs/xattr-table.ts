import type { Codec } from "./blocks/codec.ts";
import { packedReference } from "./blocks/format.ts";
import { lookupTable, MetadataTable } from "./metadata.ts";

/** The prefixes of squashfs, in the order of their numbers. */
const PREFIXES = ["user.", "trusted.", "security."] as const;

const HEADER = 16;

/**
 * Extended attributes, with each set once. Inodes refer to a set by its number (squashfs.rst, "Extended attributes").
 */
export class XattrTable {
  readonly #codec: Codec;
  readonly #values: MetadataTable;
  readonly #numbers = new Map<string, number>();
  /** Numbers by the object, which is the same for most inodes with equal attributes. */
  readonly #known = new WeakMap<ReadonlyMap<string, Uint8Array>, number>();
  readonly #entries: Buffer[] = [];

  constructor(codec: Codec) {
    this.#codec = codec;
    this.#values = new MetadataTable(codec);
  }

  get count(): number {
    return this.#entries.length;
  }

  /** The number of a set of attributes. */
  numberOf(xattrs: ReadonlyMap<string, Uint8Array>): number {
    let number = this.#known.get(xattrs);
    if (number === undefined) {
      number = this.#numberOf(xattrs);
      this.#known.set(xattrs, number);
    }
    return number;
  }

  #numberOf(xattrs: ReadonlyMap<string, Uint8Array>): number {
    const names = [...xattrs.keys()].sort();
    const list = Buffer.concat(names.map((name) => attribute(name, xattrs.get(name) as Uint8Array)));
    const key = list.toString("latin1");
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#entries.length;
    const entry = Buffer.alloc(16);
    entry.writeBigUInt64LE(packedReference(this.#values.end), 0);
    entry.writeUInt32LE(names.length, 8);
    entry.writeUInt32LE(list.length, 12);
    this.#entries.push(entry);
    this.#values.add(list);
    this.#numbers.set(key, number);
    return number;
  }

  /** The table for the offset `start`. `header` is the offset for the superblock. */
  finish(start: number): { bytes: Buffer; header: number } {
    const values = Buffer.concat(this.#values.finish());
    const content = Buffer.concat(this.#entries);
    const lookup = lookupTable(content, { start: start + values.length, codec: this.#codec });
    // The header is before the list of offsets, and not before the blocks.
    const blocks = lookup.bytes.subarray(0, lookup.list - start - values.length);
    const header = Buffer.alloc(HEADER);
    header.writeBigUInt64LE(BigInt(start), 0);
    header.writeUInt32LE(this.#entries.length, 8);
    const list = lookup.bytes.subarray(blocks.length);
    return { bytes: Buffer.concat([values, blocks, header, list]), header: lookup.list };
  }
}

function attribute(name: string, value: Uint8Array): Buffer {
  const type = PREFIXES.findIndex((prefix) => name.startsWith(prefix));
  if (type === -1) throw new TypeError(`squashfs cannot hold the attribute ${name}`);
  const rest = Buffer.from(name.slice((PREFIXES[type] as string).length), "latin1");
  const bytes = Buffer.alloc(8 + rest.length + value.length);
  bytes.writeUInt16LE(type, 0);
  bytes.writeUInt16LE(rest.length, 2);
  rest.copy(bytes, 4);
  bytes.writeUInt32LE(value.length, 4 + rest.length);
  bytes.set(value, 8 + rest.length);
  return bytes;
}
