import { createGzip } from "node:zlib";

/** Characters that are compressed together. */
const BATCH = 1024 * 1024;

/**
 * The bytes of a layer's tar archive without the contents of its files, so that containers/storage can put the archive
 * together again to the last byte: tar-split's JSON lines, compressed (github.com/vbatts/tar-split, tar/storage/entry.go).
 */
export class TarSplit {
  readonly #gzip = createGzip();
  readonly #compressed: Uint8Array[] = [];
  readonly #ended: Promise<void>;
  #lines = "";
  #position = 0;

  constructor() {
    this.#gzip.on("data", (chunk: Uint8Array) => this.#compressed.push(chunk));
    this.#ended = new Promise((done, fail) => this.#gzip.on("end", done).on("error", fail));
  }

  /** Adds bytes of the archive that are stored unchanged: headers, padding, the end. */
  segment(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#entry({ type: 2, payload: Buffer.from(bytes).toString("base64"), position: this.#position++ });
  }

  /**
   * Adds a member by its name, with one character for each byte. `checksum` is that of its content, if it has content.
   */
  file(name: string, content: { size: number; checksum: Uint8Array } | undefined): void {
    const bytes = Buffer.from(name, "latin1");
    const text = bytes.toString("utf8");
    const isText = Buffer.from(text, "utf8").equals(bytes);
    this.#entry({
      type: 1,
      ...(isText ? { name: text } : { name_raw: bytes.toString("base64") }),
      ...(content === undefined ? {} : { size: content.size }),
      payload: content === undefined ? null : Buffer.from(content.checksum).toString("base64"),
      position: this.#position++,
    });
  }

  /** Compresses the collected text, if it is long enough. */
  async flush(): Promise<void> {
    if (this.#lines.length >= BATCH) await this.#write();
  }

  /** Returns the whole compressed text. */
  async finish(): Promise<Uint8Array> {
    await this.#write();
    this.#gzip.end();
    await this.#ended;
    return Buffer.concat(this.#compressed);
  }

  #entry(entry: object): void {
    this.#lines += `${JSON.stringify(entry)}\n`;
  }

  #write(): Promise<void> {
    const lines = this.#lines;
    this.#lines = "";
    return new Promise((done, fail) => {
      this.#gzip.write(lines, (error) => (error ? fail(error) : done()));
    });
  }
}
