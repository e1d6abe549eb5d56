import { FragmentDigest } from "./blocks/fragment-digest.ts";
import type { FileEntry } from "./content-reader.ts";
import { Duplicates } from "./duplicates.ts";
import type { ContentOptions } from "./large-files.ts";

/** Joins the contents of files that are shorter than a block in fragments, each content once. */
export class SmallFiles {
  readonly #options: ContentOptions;
  /** Files by the SHA-256 of their content. */
  readonly #duplicates = new Duplicates();
  readonly #digest = new Uint8Array(32);
  readonly #fragmentDigest = new FragmentDigest();
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
    const [full, length] = [this.#fragment, this.#used];
    this.#used = 0;
    await writer.add(full, { length, digest: digests === "all" ? this.#fragmentDigest.take() : undefined });
    this.#fragment = writer.buffer();
  }

  #keep(content: Uint8Array): void {
    const { lengths, files, digests, onRead } = this.#options;
    const { length } = content;
    onRead(length);
    const isShared = lengths.has(length);
    if (isShared || digests === "all") Bun.CryptoHasher.hash("sha256", content, this.#digest);
    const same = isShared ? this.#duplicates.findOrAdd(this.#digest, files.count) : undefined;
    if (same !== undefined) {
      files.addSame(same);
      return;
    }
    if (digests === "all") this.#fragmentDigest.add(length, this.#digest);
    files.addFragment(this.fragments.length, this.#used);
    this.#used += length;
  }
}
