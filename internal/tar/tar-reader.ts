import { XattrInterner } from "../image/xattr-set.ts";
import { TarBlocks } from "./blocks.ts";
import { type Extended, ExtendedHeaders } from "./extended-header.ts";
import { parseTarHeader, type TarHeader } from "./header.ts";
import type { TarDialect, TarMember, TarMemberType } from "./member.ts";
import { padded, paxNumber, paxText, paxTime } from "./pax.ts";
import { hole, type SparseMap } from "./sparse.ts";
import { type FoundMap, readSparseMap } from "./sparse-map.ts";
import { shownPath, tarError } from "./tar-error.ts";
import { xattrEntries } from "./xattr.ts";

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

/** The fields of a member that are needed before its map of holes is read. */
interface MemberStart {
  path: string;
  type: TarMemberType;
  /** The number of bytes after the headers. */
  stored: number;
}

/**
 * The size of the largest accepted file with holes: 2 TiB, more than a `lastlog` of the largest user number. Without a
 * limit, a few bytes of an archive would need gigabytes in a squashfs's list of blocks.
 */
const MAX_FILE = 2 * 1024 ** 4;

/** The largest id of an owner. The next id means "none" to the kernel. */
const MAX_ID = 0xfffffffe;

/**
 * Reads a tar archive (ustar, PAX, GNU, star, V7) member by member, exact to the byte: `next()`, then optionally
 * `content()`, then `next()` again. Content of sparse members comes with its holes filled.
 */
export class TarReader implements AsyncDisposable {
  readonly #blocks: TarBlocks;
  readonly #extended: ExtendedHeaders;
  readonly #archive: string;
  readonly #dialect: TarDialect;
  readonly #interner = new XattrInterner();
  #ordinal = 0;
  #ended = false;
  /** Stored bytes of the current member that were not read yet, and the padding after them. */
  #left = 0;
  #padding = 0;
  #map: SparseMap | undefined;

  /** `archive` names the archive in errors. */
  constructor(source: AsyncIterable<Uint8Array>, options: { archive: string; dialect: TarDialect }) {
    this.#archive = options.archive;
    this.#dialect = options.dialect;
    this.#blocks = new TarBlocks(source, options.archive);
    this.#extended = new ExtendedHeaders(this.#blocks, options.dialect);
  }

  /** The next member; undefined at the end. @throws PlatterError `E_TAR_…` */
  async next(): Promise<TarMember | undefined> {
    // An image has hundreds of thousands of members, so available bytes are skipped synchronously.
    if (!this.#blocks.skipAtHand(this.#left + this.#padding)) {
      await this.#blocks.skip(this.#left, this.#padding);
    }
    this.#left = 0;
    this.#padding = 0;
    this.#map = undefined;
    while (!this.#ended) {
      const block = this.#blocks.headerAtHand() ?? (await this.#blocks.header());
      if (block === undefined) {
        if (this.#extended.isPending) throw this.#blocks.truncated();
        this.#ended = true;
        return undefined;
      }
      const header = parseTarHeader(block, this.#archive);
      if (header.size < 0) throw this.#negativeSize(header.path);
      const taken = this.#extended.take(header);
      if (taken !== undefined) {
        await taken;
        continue;
      }
      const extended = this.#extended.forMember();
      const start = this.#start(header, extended);
      const { type, stored } = start;
      const { records } = extended;
      const mayBeSparse = type === "file" && (header.type === "S" || records !== undefined);
      const found = mayBeSparse
        ? await readSparseMap(this.#blocks, { header, block, records, stored })
        : undefined;
      return this.#member(header, extended, { ...start, found });
    }
    return undefined;
  }

  /** The content of the member that `next()` returned, once. Pieces are views that stay valid. */
  content(): AsyncGenerator<Uint8Array> {
    return this.#map === undefined ? this.#stored(this.#left) : this.#filled(this.#map);
  }

  /** Reads the rest of the stream after the archive's end, for callers that check the whole stream. */
  async drain(): Promise<void> {
    await this.#blocks.drain();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#blocks[Symbol.asyncDispose]();
  }

  async *#stored(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      let piece = this.#blocks.pieceAtHand(left);
      if (piece.length === 0) piece = await this.#blocks.piece(left);
      left -= piece.length;
      this.#left -= piece.length;
      yield piece;
    }
  }

  async *#filled({ pairs, realSize }: SparseMap): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (let i = 0; i < pairs.length; i += 2) {
      const offset = pairs[i] as number;
      const length = pairs[i + 1] as number;
      yield* hole(offset - at);
      yield* this.#stored(length);
      at = offset + length;
    }
    yield* hole(realSize - at);
  }

  #start(header: TarHeader, { records, longPath }: Extended): MemberStart {
    const archive = this.#archive;
    const path = paxText(records, "path", archive) ?? longPath ?? header.path;
    const type = memberType(header, path);
    if (type === undefined) {
      const flag = JSON.stringify(header.type);
      throw tarError("E_TAR_TYPE", archive, `${shownPath(path)} is of the unknown type ${flag}`);
    }
    const stored = paxNumber(records, "size", archive) ?? header.size;
    if (stored < 0) throw this.#negativeSize(path);
    return { path, type, stored };
  }

  #member(
    header: TarHeader,
    extended: Extended,
    { type, stored, found, ...start }: MemberStart & { found: FoundMap | undefined },
  ): TarMember {
    const archive = this.#archive;
    const { records } = extended;
    const path = found?.name ?? start.path;
    this.#map = found?.map;
    if (found !== undefined && found.map.realSize > MAX_FILE) throw this.#tooLarge(path, found.map.realSize);
    this.#left = type === "file" ? (found?.stored ?? stored) : 0;
    this.#padding = paddingOf(header, type, stored);
    const isLink = type === "symlink" || type === "hard-link";
    const isDevice = type === "character-device" || type === "block-device";
    return {
      ordinal: this.#ordinal++,
      type,
      path,
      linkPath: isLink ? (paxText(records, "linkpath", archive) ?? extended.longLink ?? header.linkPath) : "",
      mode: header.mode & 0o7777,
      uid: this.#owner(paxNumber(records, "uid", archive) ?? header.uid, path),
      gid: this.#owner(paxNumber(records, "gid", archive) ?? header.gid, path),
      mtime: paxTime(records, "mtime", archive) ?? header.mtime,
      size: this.#map?.realSize ?? this.#left,
      devMajor: isDevice ? header.devMajor : 0,
      devMinor: isDevice ? header.devMinor : 0,
      xattrs:
        records && this.#interner.intern(xattrEntries(records, { dialect: this.#dialect, archive, path })),
      contentOffset: this.#blocks.position,
      sparse: this.#map !== undefined,
    };
  }

  #owner(id: number, path: string): number {
    if (id >= 0 && id <= MAX_ID) return id;
    throw tarError("E_TAR_NUMBER", this.#archive, `${shownPath(path)} belongs to the impossible owner ${id}`);
  }

  #tooLarge(path: string, size: number): Error {
    const problem = `${shownPath(path)} has ${size} bytes, and platter takes files of up to ${MAX_FILE}`;
    return tarError("E_TAR_SIZE", this.#archive, problem);
  }

  #negativeSize(path: string): Error {
    return tarError("E_TAR_NUMBER", this.#archive, `${shownPath(path)} has a negative size`);
  }
}

/** Only files and GNU's incremental folders have content. Other headers may have a size too. */
function paddingOf(header: TarHeader, type: TarMemberType, stored: number): number {
  if (type === "file") return padded(stored) - stored;
  return header.type === "D" ? padded(stored) : 0;
}

function memberType(header: TarHeader, path: string): TarMemberType | undefined {
  // The oldest archives do not have a type for directories.
  if (header.type === "\0" && path.endsWith("/")) return "directory";
  return TYPES[header.type];
}
