import { ByteCursor } from "./byte-cursor.ts";
import { tarError } from "./tar-error.ts";
import { BLOCK, isZeroBlock, parseTarHeader, type TarHeader } from "./tar-header.ts";
import type { TarDialect, TarMember, TarMemberType } from "./tar-member.ts";
import {
  EXTENDED_LIMIT,
  type PaxRecords,
  padded,
  parsePaxRecords,
  paxNumber,
  paxText,
  paxTime,
} from "./tar-pax.ts";
import * as sparse from "./tar-sparse.ts";
import { xattrEntries } from "./tar-xattr.ts";
import { XattrInterner } from "./xattr-set.ts";

const TYPES: Readonly<Record<string, TarMemberType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  S: "file",
  "1": "hard-link",
  "2": "symlink",
  "3": "character-device",
  "4": "block-device",
  "5": "directory",
  D: "directory",
  "6": "fifo",
};

/** Extended headers that stand before a member and apply to it. */
interface Extended {
  records?: PaxRecords;
  longPath?: string;
  longLink?: string;
}

/** Largest number of an owner; the one above means "none" to the kernel. */
const MAX_ID = 0xfffffffe;

/**
 * Reads a tar archive (ustar, PAX, GNU, star, V7) member by member, exact to the byte:
 * `next()`, then `content()` or nothing, then `next()` again. Content of sparse members comes with its holes filled.
 */
export class TarReader implements AsyncDisposable {
  readonly #cursor: ByteCursor;
  readonly #archive: string;
  readonly #dialect: TarDialect;
  readonly #interner = new XattrInterner();
  #global: PaxRecords | undefined;
  #ordinal = 0;
  #ended = false;
  /** Stored bytes of the current member that were not read yet, and the padding behind them. */
  #left = 0;
  #padding = 0;
  #map: sparse.SparseMap | undefined;

  /** `archive` names the archive in errors. */
  constructor(source: AsyncIterable<Uint8Array>, options: { archive: string; dialect: TarDialect }) {
    this.#cursor = new ByteCursor(source);
    this.#archive = options.archive;
    this.#dialect = options.dialect;
  }

  /** The next member; undefined at the end. @throws PlatterError `E_TAR_…` */
  async next(): Promise<TarMember | undefined> {
    if (this.#left + this.#padding > 0) await this.#finishMember();
    this.#map = undefined;
    const extended: Extended = {};
    while (!this.#ended) {
      const block = this.#cursor.take(BLOCK) ?? (await this.#headerBlock());
      if (block === undefined || isZeroBlock(block)) {
        if (block !== undefined) await this.#checkEnd();
        if (Object.keys(extended).length > 0) throw this.#truncated();
        this.#ended = true;
        break;
      }
      const header = parseTarHeader(block, this.#archive);
      if (header.size < 0)
        throw tarError("E_TAR_NUMBER", this.#archive, `\`${header.path}\` has a negative size`);
      if (await this.#takeExtended(header, extended)) continue;
      return await this.#member(header, block, extended);
    }
    return undefined;
  }

  /** The content of the member that `next()` returned, once. Pieces are views that stay valid. */
  async *content(): AsyncGenerator<Uint8Array> {
    if (this.#map === undefined) return yield* this.#stored(this.#left);
    const { pairs, realSize } = this.#map;
    let at = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      const offset = pairs[i] as number;
      yield* sparse.hole(offset - at);
      yield* this.#stored(pairs[i + 1] as number);
      at = offset + (pairs[i + 1] as number);
    }
    yield* sparse.hole(realSize - at);
  }

  /** Reads the rest of the stream behind the archive's end, for those who check the whole of it. */
  async drain(): Promise<void> {
    await this.#cursor.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#cursor[Symbol.asyncDispose]();
  }

  async *#stored(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const piece = this.#cursor.piece(left);
      if (piece.length === 0) {
        if (!(await this.#cursor.more())) throw this.#truncated();
        continue;
      }
      left -= piece.length;
      this.#left -= piece.length;
      yield piece;
    }
  }

  async #finishMember(): Promise<void> {
    if ((await this.#cursor.skip(this.#left)) < this.#left) throw this.#truncated();
    // The last member's padding may be missing together with the end marks.
    await this.#cursor.skip(this.#padding);
    this.#left = 0;
    this.#padding = 0;
  }

  /** A block that chunks cut in two; undefined where the archive ends without its end marks, as some do. */
  async #headerBlock(): Promise<Uint8Array | undefined> {
    const block = await this.#cursor.read(BLOCK);
    if (block.length === 0) return undefined;
    if (block.length < BLOCK) throw this.#truncated();
    return block;
  }

  /** Behind a block of zeros comes another one, or nothing; more would be lost if it were taken for the end. */
  async #checkEnd(): Promise<void> {
    const block = await this.#cursor.read(BLOCK);
    if (block.length < BLOCK || isZeroBlock(block)) return;
    throw tarError("E_TAR_CHECKSUM", this.#archive, "members follow behind a single block of zeros");
  }

  /** Takes headers that describe the next member, or none at all; false for a member's own header. */
  async #takeExtended(header: TarHeader, extended: Extended): Promise<boolean> {
    switch (header.type) {
      case "x":
      case "X":
        extended.records = parsePaxRecords(await this.#extendedData(header), this.#archive);
        return true;
      case "g":
        this.#takeGlobal(parsePaxRecords(await this.#extendedData(header), this.#archive));
        return true;
      case "L":
        extended.longPath = cString(await this.#extendedData(header));
        return true;
      case "K":
        extended.longLink = cString(await this.#extendedData(header));
        return true;
      case "V":
        // A volume's label: not a file.
        if ((await this.#cursor.skip(padded(header.size))) < padded(header.size)) throw this.#truncated();
        return true;
      default:
        return false;
    }
  }

  #takeGlobal(records: PaxRecords): void {
    if (this.#dialect === "layer") return;
    const values = new Map(this.#global?.values);
    for (const [keyword, value] of records.values) values.set(keyword, value);
    let total = 0;
    for (const [keyword, value] of values) total += keyword.length + value.length;
    if (total > EXTENDED_LIMIT) throw tooLarge(this.#archive);
    this.#global = { values, sparsePairs: [] };
  }

  async #extendedData(header: TarHeader): Promise<Uint8Array> {
    if (header.size > EXTENDED_LIMIT) throw tooLarge(this.#archive);
    const data = await this.#cursor.read(padded(header.size));
    if (data.length < padded(header.size)) throw this.#truncated();
    return data.subarray(0, header.size);
  }

  async #member(header: TarHeader, block: Uint8Array, extended: Extended): Promise<TarMember> {
    const archive = this.#archive;
    const records = this.#recordsFor(extended.records);
    let path = paxText(records, "path", archive) ?? extended.longPath ?? header.path;
    let type = TYPES[header.type];
    if (type === undefined) {
      const flag = JSON.stringify(header.type);
      throw tarError("E_TAR_TYPE", archive, `\`${path}\` is of the unknown type ${flag}`);
    }
    // The oldest archives know no directories.
    if (header.type === "\0" && path.endsWith("/")) type = "directory";
    const stored = paxNumber(records, "size", archive) ?? header.size;
    if (stored < 0) throw tarError("E_TAR_NUMBER", archive, `\`${path}\` has a negative size`);
    // Only files and GNU's incremental folders are followed by bytes; others may give a size all the same.
    this.#left = type === "file" ? stored : 0;
    this.#padding = (type === "file" || header.type === "D" ? padded(stored) : 0) - this.#left;
    if (type === "file") path = (await this.#sparseMap(header, block, records)) ?? path;
    const { uid, gid } = this.#owner(header, records, path);
    const isLink = type === "symlink" || type === "hard-link";
    const isDevice = type === "character-device" || type === "block-device";
    return {
      ordinal: this.#ordinal++,
      type,
      path,
      linkPath: isLink ? (paxText(records, "linkpath", archive) ?? extended.longLink ?? header.linkPath) : "",
      mode: header.mode & 0o7777,
      uid,
      gid,
      mtime: paxTime(records, "mtime", archive) ?? header.mtime,
      size: type === "file" ? ((this.#map as sparse.SparseMap | undefined)?.realSize ?? this.#left) : 0,
      devMajor: isDevice ? header.devMajor : 0,
      devMinor: isDevice ? header.devMinor : 0,
      xattrs: records && this.#interner.intern(xattrEntries(records, { dialect: this.#dialect, archive })),
      contentOffset: this.#cursor.position,
      sparse: this.#map !== undefined,
    };
  }

  #recordsFor(own: PaxRecords | undefined): PaxRecords | undefined {
    if (this.#global === undefined || own === undefined) return own ?? this.#global;
    return { values: new Map([...this.#global.values, ...own.values]), sparsePairs: own.sparsePairs };
  }

  #owner(header: TarHeader, records: PaxRecords | undefined, path: string): { uid: number; gid: number } {
    const uid = paxNumber(records, "uid", this.#archive) ?? header.uid;
    const gid = paxNumber(records, "gid", this.#archive) ?? header.gid;
    if (uid >= 0 && uid <= MAX_ID && gid >= 0 && gid <= MAX_ID) return { uid, gid };
    throw tarError(
      "E_TAR_NUMBER",
      this.#archive,
      `\`${path}\` belongs to the impossible owner ${uid}:${gid}`,
    );
  }

  /** Sets the map of a sparse member; returns the name that its records give it. */
  async #sparseMap(
    header: TarHeader,
    block: Uint8Array,
    records: PaxRecords | undefined,
  ): Promise<string | undefined> {
    const archive = this.#archive;
    if (header.type === "S") {
      const realSize = sparse.gnuRealSize(block, archive);
      let { pairs, more } = sparse.gnuSparsePairs(block, archive);
      const all = pairs;
      while (more) {
        if (all.length > 2_000_000) throw sparse.tooManyExtents(archive);
        const next = await this.#cursor.read(BLOCK);
        if (next.length < BLOCK) throw this.#truncated();
        ({ pairs, more } = sparse.gnuSparseContinuation(next, archive));
        for (const number of pairs) all.push(number);
      }
      this.#map = sparse.checkedSparseMap({ pairs: all, realSize }, this.#left, archive);
      return undefined;
    }
    const found = records && sparse.paxSparse(records, archive);
    if (found === undefined) return undefined;
    const pairs = found.pairs ?? (await this.#mapBeforeContent());
    this.#map = sparse.checkedSparseMap({ pairs, realSize: found.realSize }, this.#left, archive);
    return found.name;
  }

  /** Sparse format 1.0: the map fills whole blocks in front of the stored bytes and counts as part of them. */
  async #mapBeforeContent(): Promise<number[]> {
    const text = new sparse.SparseMapText(this.#archive);
    for (let whole = false; !whole; ) {
      if (this.#left < BLOCK) throw tarError("E_TAR_SPARSE", this.#archive, "a sparse map is cut off");
      const block = await this.#cursor.read(BLOCK);
      if (block.length < BLOCK) throw this.#truncated();
      this.#left -= BLOCK;
      whole = text.add(block);
    }
    return text.pairs;
  }

  #truncated(): Error {
    return tarError(
      "E_TAR_TRUNCATED",
      this.#archive,
      `it ends in the middle, at byte ${this.#cursor.position}`,
    );
  }
}

function cString(data: Uint8Array): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}

function tooLarge(archive: string): Error {
  return tarError("E_TAR_PAX", archive, `an extended header is larger than ${EXTENDED_LIMIT} bytes`);
}
