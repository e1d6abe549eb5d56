/** The table of a layer as bytes: its members and the digests of their contents, for builds that do not read the layer. */
import type { TarMember } from "../../tar/member.ts";
import { DigestColumns } from "./digest-columns.ts";
import { membersIn } from "./member-chunks.ts";
import type { MemberWriter } from "./member-writer.ts";

/** The format and its version. Tables of other versions begin with other bytes. */
const MAGIC = Buffer.from("platter-layer-1\n");
const KEY = 32;
/** Bytes before the members: magic, key, numbers of members, of bytes of members, of contents and of digests. */
const HEADER = MAGIC.length + KEY + 16;
const TRAILER = 8;
/** Most members of a layer in a table. A table of them has a third of a gigabyte. */
const MOST_MEMBERS = 2 ** 24;

/** What is known of one layer. */
export class LayerTable {
  readonly count: number;
  /** Compressed members. */
  readonly #chunks: Buffer;
  readonly digests: DigestColumns;

  private constructor({ count, chunks, digests }: { count: number; chunks: Buffer; digests: DigestColumns }) {
    this.count = count;
    this.#chunks = chunks;
    this.digests = digests;
  }

  /** The table of a layer that was read. */
  static of(writer: MemberWriter): LayerTable {
    const chunks = Buffer.concat(writer.finish());
    const { count } = writer;
    return new LayerTable({ count, chunks, digests: new DigestColumns({ members: count }) });
  }

  /** The members in their order. @throws RangeError if they are damaged */
  members(): Generator<TarMember> {
    return membersIn(this.#chunks);
  }

  /** The bytes of the table. `key` is a SHA-256 in hexadecimal that identifies the layer. */
  encoded(key: string): Buffer {
    const chunks = this.#chunks;
    const { digests, count } = this;
    const bytes = Buffer.alloc(HEADER + chunks.length + digests.size + TRAILER);
    bytes.set(MAGIC, 0);
    bytes.write(key, MAGIC.length, "hex");
    for (const [i, value] of [count, chunks.length, digests.contents, digests.digests].entries()) {
      bytes.writeUInt32LE(value, MAGIC.length + KEY + 4 * i);
    }
    bytes.set(chunks, HEADER);
    digests.encodeInto(bytes, HEADER + chunks.length);
    bytes.writeBigUInt64LE(checksumOf(bytes), bytes.length - TRAILER);
    return bytes;
  }

  /** The table in these bytes. Undefined if they are damaged, of another version, or of another layer. */
  static decoded(bytes: Buffer, key: string): LayerTable | undefined {
    if (bytes.length < HEADER + TRAILER || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
    if (bytes.toString("hex", MAGIC.length, MAGIC.length + KEY) !== key) return undefined;
    if (bytes.readBigUInt64LE(bytes.length - TRAILER) !== checksumOf(bytes)) return undefined;
    const [count, length, contents, digests] = [0, 4, 8, 12].map((at) =>
      bytes.readUInt32LE(MAGIC.length + KEY + at),
    ) as [number, number, number, number];
    if (count > MOST_MEMBERS) return undefined;
    try {
      const end = HEADER + length;
      const columns = bytes.subarray(end, bytes.length - TRAILER);
      return new LayerTable({
        count,
        chunks: bytes.subarray(HEADER, end),
        digests: DigestColumns.decoded(columns, { contents, digests, members: count }),
      });
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

/** The 64-bit XXH3 of all bytes before the trailer. */
function checksumOf(bytes: Buffer): bigint {
  return Bun.hash.xxHash3(bytes.subarray(0, bytes.length - TRAILER)) as bigint;
}
