import { withRoom } from "../bytes/columns.ts";
import type { ContentDigests } from "../image/content-digests.ts";
import type { Inode } from "../image/image-tree.ts";
import type { Candidate } from "./blocks/block-reuse.ts";
import { DIGEST } from "./blocks/block-table.ts";
import { type FragmentParts, fragmentDigest } from "./blocks/fragment-digest.ts";
import type { FileEntry } from "./content-reader.ts";
import { Duplicates } from "./duplicates.ts";
import type { ContentOptions } from "./large-files.ts";

/**
 * Joins the contents of files that are shorter than a block in fragments, each content once. A content with a known
 * digest is read only if no earlier squashfs has the whole fragment.
 */
export class SmallFiles {
  readonly #options: ContentOptions;
  /** Files by the SHA-256 of their content. */
  readonly #duplicates = new Duplicates();
  readonly #digest = new Uint8Array(DIGEST);
  /** The files in the fragment, if their digests are wanted. */
  #parts = new PartList();
  /** The number of each fragment's data block. */
  readonly fragments: number[] = [];
  #fragment: Uint8Array<ArrayBuffer>;
  #used = 0;
  /** An earlier fragment that begins with the same file. */
  #candidate: Candidate | undefined;

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#fragment = options.packer.buffer();
  }

  /**
   * Adds a file. Returns a promise only if it has to wait.
   * @throws PlatterError `E_FILE_CHANGED`, `E_INTERRUPTED`, errors of reading the image
   */
  add(entry: FileEntry): Promise<void> | undefined {
    const { blockSize, contents, reader } = this.#options;
    if (this.#used + entry.size > blockSize) return this.endFragment().then(() => this.add(entry));
    const known = contents?.of(entry.inode);
    if (known !== undefined) {
      this.#keep(entry, { digest: known, isRead: false });
      return undefined;
    }
    const target = this.#fragment.subarray(this.#used, this.#used + entry.size);
    const waiting = reader.small(entry, target);
    if (waiting !== undefined) return waiting.then(() => this.#keepRead(entry, target));
    this.#keepRead(entry, target);
    return undefined;
  }

  /** Passes the last fragment to the writer. @throws PlatterError `E_INTERRUPTED`, errors of reading the image */
  async endFragment(): Promise<void> {
    if (this.#used === 0) return;
    const { packer, writer, ledger, contents } = this.#options;
    const [full, length, list] = [this.#fragment, this.#used, this.#parts];
    const parts = list.columns();
    this.#used = 0;
    this.#parts = new PartList();
    const onParts = contents && recorderOf(list.undigested, contents);
    if (list.unread.length > 0) {
      const found = ledger.find(fragmentDigest(full, parts), length, packer);
      if (found !== undefined) {
        this.fragments.push(writer.next);
        await writer.addStored({ ...found, parts: parts.digests }, { length, parts, onParts });
        return;
      }
      await this.#readMissing(list, full);
    }
    this.fragments.push(writer.next);
    const wanted = ledger.digests === "all" ? parts : undefined;
    await writer.add({ data: full }, { length, parts: wanted, onParts, candidate: this.#candidate });
    this.#fragment = packer.buffer();
  }

  /** Reads the contents that are not in the fragment yet. */
  async #readMissing({ unread }: PartList, fragment: Uint8Array): Promise<void> {
    for (const { entry, offset } of unread) {
      const waiting = this.#options.reader.small(entry, fragment.subarray(offset, offset + entry.size));
      if (waiting !== undefined) await waiting;
    }
  }

  #keepRead(entry: FileEntry, content: Uint8Array): void {
    const isShared = this.#options.lengths.has(content.length);
    if (isShared) Bun.CryptoHasher.hash("sha256", content, this.#digest);
    this.#keep(entry, { digest: isShared ? this.#digest : undefined, isRead: true });
  }

  /** Keeps a file in the fragment, unless its content is elsewhere. `digest` is known if another file has the length. */
  #keep(entry: FileEntry, { digest, isRead }: { digest: Uint8Array | undefined; isRead: boolean }): void {
    const { lengths, files, ledger, contents, earlier, onRead } = this.#options;
    const { size: length, inode } = entry;
    onRead(length);
    if (digest !== undefined && lengths.has(length)) {
      contents?.record(inode, digest);
      const same = this.#duplicates.findOrAdd(digest, files.count);
      if (same !== undefined) {
        files.addSame(same);
        return;
      }
    }
    // The thread that compresses the fragment computes the other digests.
    if (ledger.digests === "all") this.#parts.add(entry, digest);
    if (!isRead) this.#parts.unread.push({ entry, offset: this.#used });
    if (this.#used === 0) this.#candidate = earlier?.content(entry.path)?.fragment;
    files.addFragment(this.fragments.length, this.#used);
    this.#used += length;
  }
}

/** The inodes of files whose digests are not known yet, by their number in the fragment. */
type Undigested = Map<number, Inode>;

/** Keeps the digests of these files. It refers to nothing else, because many fragments wait to be written. */
function recorderOf(
  files: Undigested,
  contents: ContentDigests,
): ((digests: Uint8Array) => void) | undefined {
  if (files.size === 0) return undefined;
  return (digests) => {
    for (const [i, inode] of files) contents.record(inode, digests.subarray(DIGEST * i, DIGEST * (i + 1)));
  };
}

/** The files of a fragment that is being filled. */
class PartList {
  /** Files whose content is not in the fragment yet. */
  readonly unread: { entry: FileEntry; offset: number }[] = [];
  readonly undigested: Undigested = new Map();
  readonly #lengths: number[] = [];
  #digests = new Uint8Array(DIGEST * 64);

  add({ size, inode }: FileEntry, digest: Uint8Array | undefined): void {
    const number = this.#lengths.length;
    const at = DIGEST * number;
    this.#digests = withRoom(this.#digests, at + DIGEST);
    if (digest === undefined) this.undigested.set(number, inode);
    else this.#digests.set(digest, at);
    this.#lengths.push(size);
  }

  columns(): FragmentParts {
    const lengths = Uint32Array.from(this.#lengths);
    // A message to a thread copies the whole memory of an array.
    return { lengths, digests: this.#digests.slice(0, DIGEST * lengths.length) };
  }
}
