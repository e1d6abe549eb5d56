import { crc32 } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { exactly, lzma2 } from "./lzma2.ts";
import type { Window } from "./window.ts";
import { X86Filter } from "./x86-filter.ts";
import { checkSize, makeCheck } from "./xz-check.ts";

/** The largest accepted dictionary, twice that of `xz -9`. Decompression needs this much memory. */
const MAX_DICTIONARY = 128 * 1024 * 1024;
const MIN_DICTIONARY = 4096;
/** Numbers of filters (xz-file-format 1.2.0, section 5.3). */
const [X86, LZMA2] = [0x04, 0x21];
const RESERVED_FLAGS = 0x3c;
const HAS_COMPRESSED_SIZE = 0x40;
const HAS_CONTENT_SIZE = 0x80;

/** All blocks of a file share one window, because there may be millions of blocks. */
export interface SharedWindow {
  window: Window;
}

/** How long a block is, as the index repeats it. */
interface BlockSizes {
  /** Header, data and check, without padding. */
  unpadded: number;
  content: number;
}

interface BlockHeader {
  size: number;
  compressed: number | undefined;
  content: number | undefined;
  dictionary: number;
  /** The start offset of the x86 filter; undefined without that filter. */
  x86: number | undefined;
}

/**
 * Decompresses a block whose header begins at the cursor, and compares its check (section 3).
 * @throws DataProblem, and any error of the cursor's source
 */
export async function* xzBlock(
  cursor: ByteCursor,
  { check, shared }: { check: number; shared: SharedWindow },
): AsyncGenerator<Uint8Array, BlockSizes> {
  const header = await readHeader(cursor);
  shared.window = shared.window.restarted(header.dictionary);
  const sum = makeCheck(check);
  const filter = header.x86 === undefined ? undefined : new X86Filter(header.x86);
  const start = cursor.position;
  let content = 0;
  const count = (bytes: Uint8Array) => {
    sum.update(bytes);
    content += bytes.length;
    if (content > (header.content ?? content)) throw new DataProblem("has more content than it says");
    return bytes;
  };
  for await (const chunk of lzma2(cursor, shared.window)) yield count(filter?.update(chunk) ?? chunk);
  if (filter !== undefined) yield count(filter.finish());
  const compressed = cursor.position - start;
  if (compressed !== (header.compressed ?? compressed) || content !== (header.content ?? content))
    throw new DataProblem("has a block of another length than it says");
  if ((await exactly(cursor, -compressed & 3)).some((byte) => byte !== 0))
    throw new DataProblem("has a block with damaged padding");
  const stored = await exactly(cursor, checkSize(check));
  if (Buffer.compare(stored, sum.digest()) !== 0) throw new DataProblem("does not have its own checksum");
  return { unpadded: header.size + compressed + stored.length, content };
}

async function readHeader(cursor: ByteCursor): Promise<BlockHeader> {
  const [encoded] = await exactly(cursor, 1);
  const size = 4 * (encoded! + 1);
  const bytes = Buffer.concat([Uint8Array.of(encoded!), await exactly(cursor, size - 1)]);
  if (crc32(bytes.subarray(0, -4)) !== bytes.readUInt32LE(size - 4))
    throw new DataProblem("has a damaged block header");
  const fields = new Fields(bytes.subarray(1, -4));
  const flags = fields.byte();
  if (flags & RESERVED_FLAGS) throw unsupported("has a block of an unknown kind");
  const compressed = flags & HAS_COMPRESSED_SIZE ? fields.number() : undefined;
  const content = flags & HAS_CONTENT_SIZE ? fields.number() : undefined;
  const filters = Array.from({ length: (flags & 3) + 1 }, () => fields.filter());
  fields.end();
  const last = filters.pop()!;
  const [first] = filters;
  const known = filters.length === 0 || (filters.length === 1 && first!.id === X86);
  if (last.id !== LZMA2 || !known) {
    const names = [...filters, last].map(({ id }) => `0x${id.toString(16)}`).join(", ");
    throw unsupported(`is compressed with the filters ${names}, and platter reads LZMA2 and x86`);
  }
  return {
    size,
    compressed,
    content,
    dictionary: dictionaryOf(last.options),
    x86: first && startOf(first.options),
  };
}

/** @throws DataProblem */
function dictionaryOf(options: Uint8Array): number {
  const [bits] = options;
  if (options.length !== 1 || bits! > 40) throw unsupported("has options of LZMA2 that are unknown");
  const size = bits === 40 ? 2 ** 32 - 1 : (2 | (bits! & 1)) * 2 ** ((bits! >> 1) + 11);
  if (size > MAX_DICTIONARY)
    throw unsupported(`needs a dictionary of ${size} bytes, and platter takes at most ${MAX_DICTIONARY}`);
  return Math.max(size, MIN_DICTIONARY);
}

function startOf(options: Uint8Array): number {
  if (options.length === 0) return 0;
  if (options.length !== 4) throw unsupported("has options of the x86 filter that are unknown");
  return Buffer.from(options).readUInt32LE();
}

/** Fields of a block header, one after the other. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new DataProblem("has a block header that is too short");
    return this.#bytes[this.#at++]!;
  }

  number(): number {
    return parseNumber(() => this.byte());
  }

  filter(): { id: number; options: Uint8Array } {
    const id = this.number();
    const length = this.number();
    if (length > this.#bytes.length - this.#at) throw new DataProblem("has a block header that is too short");
    this.#at += length;
    return { id, options: this.#bytes.subarray(this.#at - length, this.#at) };
  }

  end(): void {
    if (this.#bytes.subarray(this.#at).some((byte) => byte !== 0))
      throw unsupported("has a block header with unknown fields");
  }
}

/** A number in groups of seven bits, the lowest first (section 1.2). @throws DataProblem */
export function parseNumber(next: () => number): number {
  let value = 0;
  for (let i = 0; i < 9; i++) {
    const byte = next();
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte & 0x80) continue;
    if ((byte === 0 && i > 0) || value > Number.MAX_SAFE_INTEGER) break;
    return value;
  }
  throw new DataProblem("has a number that is not valid");
}

function unsupported(message: string): DataProblem {
  return new DataProblem(message, "unsupported");
}
