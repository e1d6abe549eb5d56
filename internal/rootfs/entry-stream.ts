import { type WalkedEntry, type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import { changedFile, hasContent, wantedInodes } from "../image/file-content.ts";
import type { ImageTree, Inode, SequentialReader } from "../image/image-tree.ts";
import { ARCHIVE_END, paddingOf, tarHeader } from "../tar/tar-writer.ts";

/** Bytes that are written to the pipe together if the files are small. */
const BATCH = 256 * 1024;
/** Pieces, and whole files, of more bytes than this are passed through without a copy. */
const LARGE = 64 * 1024;

const ZEROS = new Uint8Array(512);

interface TarStreamOptions extends WalkOptions {
  /** `entry` begins with the root directory itself. By default it is omitted, as in a layer. */
  root?: "entry" | undefined;
}

/**
 * The tree as a PAX tar archive: as a layer, or with the root directory for mkfs.erofs. Canonical order, each content
 * read once. A chunk is valid until the caller requests the next but one.
 * @throws PlatterError `E_XATTR_NAME`, `E_FILE_CHANGED`, and the errors of reading the image
 */
export async function* tarStream(tree: ImageTree, options: TarStreamOptions): AsyncGenerator<Uint8Array> {
  const batch = new Batch();
  await using reader = await tree.sequentialReader(wantedInodes(tree, options));
  for (const entry of walkEntries(tree, options)) {
    if (entry.path === "" && options.root !== "entry") continue;
    const header = tarHeader(entry);
    if (!batch.fit(header)) yield* batch.add(header);
    if (!hasContent(entry)) continue;
    const isSmall = entry.size <= LARGE;
    if (isSmall && !batch.hasRoom(entry.size)) yield* batch.flush();
    if (isSmall && reader.readSync?.(entry.inode, batch.room(entry.size))) batch.take(entry.size);
    else yield* contentOf(reader, entry, batch);
    const padding = ZEROS.subarray(0, paddingOf(entry.size));
    if (!batch.fit(padding)) yield* batch.add(padding);
  }
  yield* batch.add(ARCHIVE_END);
  yield* batch.flush();
}

async function* contentOf(
  reader: SequentialReader,
  entry: WalkedEntry & { inode: Inode },
  batch: Batch,
): AsyncGenerator<Uint8Array> {
  let left = entry.size;
  for await (const piece of reader.open(entry.inode)) {
    left -= piece.length;
    if (left < 0) break;
    if (piece.length <= LARGE) yield* batch.add(piece);
    else {
      yield* batch.flush();
      yield piece;
    }
  }
  if (left !== 0) throw changedFile(entry);
}

/**
 * Joins small pieces in two alternating buffers. A new buffer for each batch would create garbage faster than it is
 * collected.
 */
class Batch {
  #buffer = Buffer.allocUnsafeSlow(BATCH);
  #other = Buffer.allocUnsafeSlow(BATCH);
  #used = 0;

  /** Adds a piece that fits into the buffer, without a generator. Most pieces fit. */
  fit(piece: Uint8Array): boolean {
    if (!this.hasRoom(piece.length)) return false;
    this.#buffer.set(piece, this.#used);
    this.take(piece.length);
    return true;
  }

  hasRoom(length: number): boolean {
    return length <= BATCH - this.#used;
  }

  /** The free part of the buffer, for the next bytes. */
  room(length: number): Uint8Array {
    return this.#buffer.subarray(this.#used, this.#used + length);
  }

  take(length: number): void {
    this.#used += length;
  }

  *add(piece: Uint8Array): Generator<Uint8Array> {
    let rest = piece;
    while (rest.length > BATCH - this.#used) {
      const room = BATCH - this.#used;
      this.#buffer.set(rest.subarray(0, room), this.#used);
      this.#used = BATCH;
      rest = rest.subarray(room);
      yield* this.flush();
    }
    this.fit(rest);
  }

  *flush(): Generator<Uint8Array> {
    if (this.#used === 0) return;
    const full = this.#buffer.subarray(0, this.#used);
    [this.#buffer, this.#other] = [this.#other, this.#buffer];
    this.#used = 0;
    yield full;
  }
}
