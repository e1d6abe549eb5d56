import { zstdDecompressSync } from "node:zlib";
import type { TarMember } from "../../tar/member.ts";
import { XattrInterner, type Xattrs } from "../xattr-set.ts";
import { FLAG, MOST_CHUNK, TYPES } from "./member-format.ts";

/** The largest size of a file that platter reads from a layer. */
const MOST_SIZE = 2 ** 41;

/**
 * The members in the chunks of a layer's table, in their order. Their contents' offsets are 0.
 * @throws RangeError if the chunks are damaged
 */
export function* membersIn(chunks: Buffer): Generator<TarMember> {
  const sets = new SetList();
  let ordinal = 0;
  for (let at = 0; at < chunks.length; ) {
    const [packed, length] = [chunks.readUInt32LE(at), chunks.readUInt32LE(at + 4)];
    if (length > MOST_CHUNK) throw new RangeError("a chunk is too large");
    const end = at + 8 + packed;
    const reader = new ChunkReader(contentOf(chunks.subarray(at + 8, end), length), sets);
    while (!reader.isAtEnd) yield reader.member(ordinal++);
    at = end;
  }
}

function contentOf(packed: Uint8Array, length: number): Buffer {
  try {
    const content = zstdDecompressSync(packed, { maxOutputLength: length });
    if (content.length === length) return content;
  } catch {
    // The error below says the same.
  }
  throw new RangeError("a chunk is damaged");
}

/** The sets of attributes so far, in all chunks. */
class SetList {
  readonly known: (Xattrs | undefined)[] = [];
  readonly interner = new XattrInterner();
}

class ChunkReader {
  readonly #bytes: Buffer;
  readonly #sets: SetList;
  #at = 0;

  constructor(bytes: Buffer, sets: SetList) {
    this.#bytes = bytes;
    this.#sets = sets;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  member(ordinal: number): TarMember {
    const flags = this.#number(127);
    const type = TYPES[flags & FLAG.type];
    if (type === undefined) throw new RangeError("a member has an unknown type");
    const path = this.#text();
    const [mode, uid, gid] = [this.#number(0o7777), this.#number(0xffffffff), this.#number(0xffffffff)];
    const time = this.#number(Number.MAX_SAFE_INTEGER);
    const size = this.#number(MOST_SIZE);
    const linkPath = (flags & FLAG.link) === 0 ? "" : this.#text();
    const isDevice = type === "character-device" || type === "block-device";
    const [devMajor, devMinor] = isDevice ? [this.#number(0xffffffff), this.#number(0xffffffff)] : [0, 0];
    const xattrs = (flags & FLAG.xattrs) === 0 ? undefined : this.#set();
    const sparse = (flags & FLAG.sparse) !== 0;
    const mtime = (flags & FLAG.negative) === 0 ? time : -time;
    const fields = { type, path, linkPath, mode, uid, gid, mtime, size, devMajor, devMinor, xattrs, sparse };
    return { ordinal, contentOffset: 0, ...fields };
  }

  #set(): Xattrs | undefined {
    const { known, interner } = this.#sets;
    const number = this.#number(known.length);
    if (number < known.length) return known[number];
    const entries: [string, Uint8Array][] = [];
    for (let left = this.#number(this.#bytes.length); left > 0; left--) {
      entries.push([this.#text(), this.#take(this.#number(this.#bytes.length))]);
    }
    const set = interner.intern(entries);
    known.push(set);
    return set;
  }

  #text(): string {
    return this.#take(this.#number(this.#bytes.length)).toString("latin1");
  }

  #take(length: number): Buffer {
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError("a member is cut off");
    return this.#bytes.subarray(start, this.#at);
  }

  /** A number of at most `most`. */
  #number(most: number): number {
    let [value, unit] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("a member is cut off");
      value += (byte & 127) * unit;
      if (value > most || unit > Number.MAX_SAFE_INTEGER) throw new RangeError("a number is too large");
      if (byte < 128) return value;
      unit *= 128;
    }
  }
}
