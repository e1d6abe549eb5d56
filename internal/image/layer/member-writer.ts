import { withRoom } from "../../bytes/columns.ts";
import type { TarMember } from "../../tar/member.ts";
import type { Xattrs } from "../xattr-set.ts";
import { FLAG, TYPES } from "./member-format.ts";

/** A chunk of members is compressed when it has this many bytes. */
const CHUNK = 512 * 1024;
/** The largest safe integer has 53 bits, seven in each byte. */
const MOST_NUMBER = 8;

/** The members of a layer as compressed chunks, about twenty bytes for each member (`member-format.ts`). */
export class MemberWriter {
  #bytes = new Uint8Array(CHUNK);
  #used = 0;
  readonly #sets = new Map<Xattrs, number>();
  /** Compressed chunks with their lengths. */
  readonly #chunks: Uint8Array[] = [];
  count = 0;

  /** Adds the next member of the layer. */
  add(member: TarMember): void {
    const { type, path, linkPath, mode, uid, gid, mtime, size, devMajor, devMinor, xattrs, sparse } = member;
    this.count++;
    const isDevice = type === "character-device" || type === "block-device";
    let flags = TYPES.indexOf(type);
    if (sparse) flags |= FLAG.sparse;
    if (linkPath !== "") flags |= FLAG.link;
    if (xattrs !== undefined) flags |= FLAG.xattrs;
    if (mtime < 0) flags |= FLAG.negative;
    this.#number(flags);
    this.#text(path);
    for (const value of [mode, uid, gid, Math.abs(mtime), size]) this.#number(value);
    if (linkPath !== "") this.#text(linkPath);
    if (isDevice) for (const value of [devMajor, devMinor]) this.#number(value);
    if (xattrs !== undefined) this.#set(xattrs);
    if (this.#used >= CHUNK) this.#end();
  }

  /** All chunks, after the last member. */
  finish(): Uint8Array[] {
    if (this.#used > 0) this.#end();
    this.#bytes = new Uint8Array();
    this.#sets.clear();
    return this.#chunks;
  }

  /** Writes the number of a set of attributes, and the set itself if it is new. */
  #set(xattrs: Xattrs): void {
    const known = this.#sets.get(xattrs);
    this.#number(known ?? this.#sets.size);
    if (known !== undefined) return;
    this.#sets.set(xattrs, this.#sets.size);
    this.#number(xattrs.size);
    for (const [name, value] of xattrs) {
      this.#text(name);
      this.#number(value.length);
      this.#room(value.length);
      this.#bytes.set(value, this.#used);
      this.#used += value.length;
    }
  }

  #number(value: number): void {
    this.#room(MOST_NUMBER);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#used++] = (rest % 128) | 128;
    this.#bytes[this.#used++] = rest;
  }

  /** A string with one character for each byte. */
  #text(text: string): void {
    this.#number(text.length);
    this.#room(text.length);
    this.#used += Buffer.from(this.#bytes.buffer, this.#used).write(text, "latin1");
  }

  #room(length: number): void {
    this.#bytes = withRoom(this.#bytes, this.#used + length);
  }

  #end(): void {
    const packed = Bun.zstdCompressSync(this.#bytes.subarray(0, this.#used), { level: 1 });
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(packed.length, 0);
    lengths.writeUInt32LE(this.#used, 4);
    this.#chunks.push(lengths, packed);
    this.#used = 0;
  }
}
