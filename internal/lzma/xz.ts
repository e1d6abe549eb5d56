import { crc32 } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { exactly } from "./lzma2.ts";
import { Window } from "./window.ts";
import { parseNumber, type SharedWindow, xzBlock } from "./xz-block.ts";

/** Bytes of a stream's header and of its footer (xz-file-format 1.2.0, sections 2.1.1 and 2.1.2). */
const EDGE = 12;
const HEADER_MAGIC = Buffer.from("fd377a585a00", "hex");
const FOOTER_MAGIC = "YZ";

/**
 * Decompresses all streams up to the end of a cursor, and skips the padding between them.
 * @throws DataProblem, and any error of the cursor's source
 */
export async function* xzStreams(cursor: ByteCursor): AsyncGenerator<Uint8Array> {
  const shared = { window: new Window(0) };
  do {
    yield* xzStream(cursor, shared);
  } while (await hasAnother(cursor));
}

/**
 * Decompresses the stream that begins at the cursor. Afterwards the cursor is at the end of the stream.
 * @throws DataProblem, and any error of the cursor's source
 */
export async function* xzStream(
  cursor: ByteCursor,
  shared: SharedWindow = { window: new Window(0) },
): AsyncGenerator<Uint8Array> {
  const header = Buffer.from(await exactly(cursor, EDGE));
  const flags = header.subarray(6, 8);
  if (!header.subarray(0, 6).equals(HEADER_MAGIC)) throw new DataProblem("does not begin as xz data does");
  if (crc32(flags) !== header.readUInt32LE(8)) throw new DataProblem("has a damaged header");
  if (flags[0] !== 0 || flags[1]! > 15) throw new DataProblem("is of an unknown version", "unsupported");
  const blocks = new SizesDigest();
  while (!(await isIndex(cursor))) {
    const { unpadded, content } = yield* xzBlock(cursor, { check: flags[1]!, shared });
    blocks.add(unpadded, content);
  }
  const size = await readIndex(cursor, blocks);
  const footer = Buffer.from(await exactly(cursor, EDGE));
  const isWhole =
    crc32(footer.subarray(4, 10)) === footer.readUInt32LE(0) &&
    (footer.readUInt32LE(4) + 1) * 4 === size &&
    footer.subarray(8, 10).equals(flags) &&
    footer.toString("latin1", 10) === FOOTER_MAGIC;
  if (!isWhole) throw new DataProblem("has a damaged footer");
}

async function isIndex(cursor: ByteCursor): Promise<boolean> {
  const next = await exactly(cursor, 1);
  cursor.unread(next);
  return next[0] === 0;
}

/** Compares the index with the blocks (section 4); returns its length. */
async function readIndex(cursor: ByteCursor, blocks: SizesDigest): Promise<number> {
  const start = cursor.position;
  const reader = new NumberReader(cursor);
  await reader.skip(1);
  const records = await reader.number();
  const listed = new SizesDigest();
  if (records !== blocks.count) throw differs();
  for (let i = 0; i < records; i++) listed.add(await reader.number(), await reader.number());
  if (listed.digest() !== blocks.digest()) throw differs();
  await reader.skip(-(cursor.position - start) & 3);
  const sum = Buffer.from(await exactly(cursor, 4)).readUInt32LE();
  if (sum !== reader.sum) throw new DataProblem("has a damaged index");
  return cursor.position - start;
}

/** Reads the index byte by byte, with its CRC32. */
class NumberReader {
  sum = 0;
  readonly #cursor: ByteCursor;

  constructor(cursor: ByteCursor) {
    this.#cursor = cursor;
  }

  async number(): Promise<number> {
    const bytes: number[] = [];
    do {
      const next = await exactly(this.#cursor, 1);
      this.sum = crc32(next, this.sum);
      bytes.push(next[0]!);
    } while (bytes.at(-1)! & 0x80 && bytes.length < 9);
    let at = 0;
    return parseNumber(() => bytes[at++]!);
  }

  /** Skips zeros. */
  async skip(length: number): Promise<void> {
    const bytes = await exactly(this.#cursor, length);
    if (bytes.some((byte) => byte !== 0)) throw new DataProblem("has a damaged index");
    this.sum = crc32(bytes, this.sum);
  }
}

/** The sizes of all blocks in constant memory: there may be millions. */
class SizesDigest {
  count = 0;
  readonly #hasher = new Bun.CryptoHasher("sha256");

  add(unpadded: number, content: number): void {
    this.count++;
    this.#hasher.update(`${unpadded} ${content}\n`);
  }

  digest(): string {
    return this.#hasher.digest("hex");
  }
}

/** Skips padding, which is a multiple of four bytes (section 2.2). False at the end of the input. */
async function hasAnother(cursor: ByteCursor): Promise<boolean> {
  while (await cursor.more()) {
    const word = await cursor.read(4);
    if (word.length === 4 && word.every((byte) => byte === 0)) continue;
    cursor.unread(word);
    return true;
  }
  return false;
}

function differs(): DataProblem {
  return new DataProblem("has an index that differs from its blocks");
}
