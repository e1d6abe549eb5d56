import { bytesToLatin1 } from "../bytes/byte-path.ts";
import { TarFields } from "./header.ts";
import { type PaxRecords, paxNumber, paxText } from "./pax.ts";
import { tarError } from "./tar-error.ts";

/** The positions of a sparse file's stored bytes. */
export interface SparseMap {
  /** Offset, length, offset, length, …: ascending, not overlapping, within `realSize`. */
  readonly pairs: readonly number[];
  readonly realSize: number;
}

/** More extents than any real file has. A longer map would only use up memory. */
export const EXTENT_LIMIT = 1_000_000;

/** The extents of an old GNU sparse header, and whether a continuation block follows. */
export function gnuSparsePairs(block: Uint8Array, archive: string): { pairs: number[]; more: boolean } {
  return readPairs(block, { at: 386, count: 4, flagAt: 482, archive });
}

/** The extents of an old GNU sparse continuation block. */
export function gnuSparseContinuation(
  block: Uint8Array,
  archive: string,
): { pairs: number[]; more: boolean } {
  return readPairs(block, { at: 0, count: 21, flagAt: 504, archive });
}

/** The full size of a file in an old GNU sparse header. */
export function gnuRealSize(block: Uint8Array, archive: string): number {
  return new TarFields(block, archive).number(483, 12);
}

function readPairs(
  block: Uint8Array,
  where: { at: number; count: number; flagAt: number; archive: string },
): { pairs: number[]; more: boolean } {
  const pairs: number[] = [];
  const fields = new TarFields(block, where.archive);
  for (let i = 0; i < where.count; i++) {
    const at = where.at + i * 24;
    if (block[at] === 0) break;
    pairs.push(fields.number(at, 12));
    pairs.push(fields.number(at + 12, 12));
  }
  return { pairs, more: block[where.flagAt] !== 0 };
}

/** The sparse file that PAX records describe; `map` is missing if it is stored before the content (format 1.0). */
interface PaxSparse {
  realSize: number;
  name: string | undefined;
  pairs: readonly number[] | undefined;
}

/** GNU sparse formats 0.0, 0.1 and 1.0. @throws PlatterError `E_TAR_SPARSE`, `E_TAR_PAX` */
export function paxSparse(records: PaxRecords, archive: string): PaxSparse | undefined {
  const major = paxNumber(records, "GNU.sparse.major", archive);
  const name = paxText(records, "GNU.sparse.name", archive);
  if (major !== undefined) {
    const minor = paxNumber(records, "GNU.sparse.minor", archive);
    const realSize = paxNumber(records, "GNU.sparse.realsize", archive);
    if (major !== 1 || minor !== 0 || realSize === undefined) {
      throw tarError("E_TAR_SPARSE", archive, `sparse format ${major}.${minor} is unknown or incomplete`);
    }
    return { realSize, name, pairs: undefined };
  }
  const realSize = paxNumber(records, "GNU.sparse.size", archive);
  if (realSize === undefined) return undefined;
  const text = paxText(records, "GNU.sparse.map", archive);
  if (text === undefined) return { realSize, name, pairs: records.sparsePairs };
  if (!/^\d{1,16}(,\d{1,16})*$/.test(text)) {
    throw tarError("E_TAR_SPARSE", archive, "a sparse map is not a list of numbers");
  }
  return { realSize, name, pairs: text.split(",").map(Number) };
}

/** Collects the decimal lines of a sparse 1.0 map, block by block. */
export class SparseMapText {
  #text = "";
  #wanted = 1;
  readonly #numbers: number[] = [];
  readonly #archive: string;

  constructor(archive: string) {
    this.#archive = archive;
  }

  /** Takes one block; true if the map is complete. @throws PlatterError `E_TAR_SPARSE` */
  add(block: Uint8Array): boolean {
    this.#text += bytesToLatin1(block);
    let at = 0;
    while (this.#numbers.length < this.#wanted) {
      const end = this.#text.indexOf("\n", at);
      if (end < 0) break;
      const digits = this.#text.slice(at, end);
      if (!/^\d{1,16}$/.test(digits))
        throw tarError("E_TAR_SPARSE", this.#archive, "a sparse map is damaged");
      this.#numbers.push(Number(digits));
      if (this.#numbers.length === 1) this.#wanted = 1 + 2 * (this.#numbers[0] as number);
      if (this.#wanted > 2 * EXTENT_LIMIT + 1) throw tooManyExtents(this.#archive);
      at = end + 1;
    }
    this.#text = this.#text.slice(at);
    if (this.#numbers.length < this.#wanted && this.#text.length > 32) {
      throw tarError("E_TAR_SPARSE", this.#archive, "a sparse map is damaged");
    }
    return this.#numbers.length === this.#wanted;
  }

  get pairs(): number[] {
    return this.#numbers.slice(1);
  }
}

/**
 * Checks a map: its extents ascend, do not overlap, are within the file, and use all stored bytes.
 * @throws PlatterError `E_TAR_SPARSE`
 */
export function checkedSparseMap(map: SparseMap, stored: number, archive: string): SparseMap {
  if (map.pairs.length > 2 * EXTENT_LIMIT) throw tooManyExtents(archive);
  let end = 0;
  let data = 0;
  let sound = map.pairs.length % 2 === 0 && Number.isSafeInteger(map.realSize) && map.realSize >= 0;
  for (let i = 0; sound && i < map.pairs.length; i += 2) {
    const offset = map.pairs[i] as number;
    const length = map.pairs[i + 1] as number;
    sound = offset >= end && length >= 0 && offset + length <= map.realSize;
    end = offset + length;
    data += length;
  }
  if (!sound || data !== stored) {
    throw tarError("E_TAR_SPARSE", archive, "a sparse file's map does not fit its size");
  }
  return map;
}

export function tooManyExtents(archive: string): Error {
  return tarError("E_TAR_SPARSE", archive, `a sparse file has more than ${EXTENT_LIMIT} extents`);
}

/** Large, so that a hole of terabytes has few pieces. */
const ZEROS = new Uint8Array(4 * 1024 * 1024);

/** Whether a piece of a content is a part of a hole, and not stored zeros. */
export function isHole(piece: Uint8Array): boolean {
  return piece.buffer === ZEROS.buffer;
}

/** The zeros of a hole, in pieces that {@link isHole} recognizes. */
export function* hole(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length)
    yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
}
