import type { HeldRange } from "../../bytes/byte-range.ts";
import { stampOf } from "../../bytes/content-stamp.ts";
import { fileChanged } from "./file-changed.ts";

/** Most bytes of all contents in memory. Boot programs, menus and the ESP have a quarter of it. */
const LIMIT = 64 * 1024 * 1024;

/** A content, and the stamp of its file at the time of lending. */
interface Lent {
  held: HeldRange;
  stamp: string;
}

/**
 * Files of a temporary work directory that do not use space on its disk: small contents in memory, and ranges of files
 * that are open elsewhere, such as in an image.
 */
export class WorkMemory implements Disposable {
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #lent = new Map<string, Lent>();
  #used = 0;

  /** Keeps a content in memory. Returns false if it does not fit. */
  add(name: string, bytes: Uint8Array): boolean {
    const used = this.#used + bytes.length - (this.#bytes.get(name)?.length ?? 0);
    if (used > LIMIT) return false;
    this.#used = used;
    this.#bytes.set(name, bytes);
    return true;
  }

  /** Takes ownership of a range of an open file. It is disposed of with all others. */
  lend(name: string, held: HeldRange): void {
    this.#lent.get(name)?.held[Symbol.dispose]();
    this.#lent.set(name, { held, stamp: stampOf(held.file) });
  }

  get(name: string): { bytes: Uint8Array } | { range: HeldRange } | undefined {
    const bytes = this.#bytes.get(name);
    if (bytes !== undefined) return { bytes };
    const lent = this.#lent.get(name);
    return lent && { range: lent.held };
  }

  /** Checks that no open file was written to after a range of it was lent. @throws PlatterError `E_FILE_CHANGED` */
  requireUnchanged(): void {
    for (const { held, stamp } of this.#lent.values()) {
      if (stampOf(held.file) === stamp) continue;
      throw fileChanged(held.file.path);
    }
  }

  /** Removes all contents. */
  clear(): void {
    for (const { held } of this.#lent.values()) held[Symbol.dispose]();
    this.#lent.clear();
    this.#bytes.clear();
    this.#used = 0;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
