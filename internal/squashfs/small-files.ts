import type { FragmentPart } from "./blocks/fragment-digest.ts";
import type { FileEntry } from "./content-reader.ts";
import { Duplicates } from "./duplicates.ts";
import type { ContentOptions } from "./large-files.ts";

/** Joins the contents of files that are shorter than a block in fragments, each content once. */
export class SmallFiles {
  readonly #options: ContentOptions;
  /** Files by the SHA-256 of their content. */
  readonly #duplicates = new Duplicates();
  readonly #digest = new Uint8Array(32);
  /** The files in the fragment, if their digests are wanted. */
  #parts: FragmentPart[] = [];
  /** The number of each fragment's data block. */
  readonly fragments: number[] = [];
  #fragment: Uint8Array<ArrayBuffer>;
  #used = 0;

  constructor(options: ContentOptions) {
    this.#options = options;
    this.#fragment = options.writer.buffer();
  }

  /**
   * Adds a file. Returns a promise only if it has to wait.
   * @throws PlatterError `E_FILE_CHANGED`, `E_INTERRUPTED`, errors of reading the image
   */
  add(entry: FileEntry): Promise<void> | undefined {
    if (this.#used + entry.size > this.#options.blockSize) {
      return this.endFragment().then(() => this.add(entry));
    }
    const target = this.#fragment.subarray(this.#used, this.#used + entry.size);
    const waiting = this.#options.reader.small(entry, target);
    if (waiting !== undefined) return waiting.then(() => this.#keep(target));
    this.#keep(target);
    return undefined;
  }

  /** Passes the last fragment to the writer. @throws PlatterError `E_INTERRUPTED` */
  async endFragment(): Promise<void> {
    if (this.#used === 0) return;
    const { writer, digests } = this.#options;
    this.fragments.push(writer.next);
    const [full, length, parts] = [this.#fragment, this.#used, this.#parts];
    this.#used = 0;
    this.#parts = [];
    await writer.add(full, { length, parts: digests === "all" ? parts : undefined });
    this.#fragment = writer.buffer();
  }

  #keep(content: Uint8Array): void {
    const { lengths, files, digests, onRead } = this.#options;
    const { length } = content;
    onRead(length);
    const isShared = lengths.has(length);
    if (isShared) {
      Bun.CryptoHasher.hash("sha256", content, this.#digest);
      const same = this.#duplicates.findOrAdd(this.#digest, files.count);
      if (same !== undefined) {
        files.addSame(same);
        return;
      }
    }
    // The thread that compresses the fragment computes the other digests.
    if (digests === "all") this.#parts.push({ length, digest: isShared ? this.#digest.slice() : undefined });
    files.addFragment(this.fragments.length, this.#used);
    this.#used += length;
  }
}
