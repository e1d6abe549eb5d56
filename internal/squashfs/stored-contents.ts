import { withRoom } from "../bytes/columns.ts";
import { NO_INDEX } from "./blocks/format.ts";

/** Where the contents of all files went, by the files' number: their place among those with a content of their own. */
export class StoredContents {
  /** The first data block of a file that has some. */
  #block = new Uint32Array(1024);
  #fragment = new Uint32Array(1024);
  /** Bytes before the content in the fragment. */
  #offset = new Uint32Array(1024);
  readonly #holes = new Map<number, number>();
  count = 0;

  /** Adds a file of data blocks; returns its number. */
  addBlocks(block: number, holes: number): number {
    if (holes > 0) this.#holes.set(this.count, holes);
    return this.#add(block, NO_INDEX, 0);
  }

  addFragment(fragment: number, offset: number): void {
    this.#add(0, fragment, offset);
  }

  /** The next file has the content of an earlier one. */
  addSame(file: number): void {
    this.setSame(this.#add(0, 0, 0), file);
  }

  /** A file turned out to have the content of an earlier one. */
  setSame(file: number, earlier: number): void {
    const holes = this.#holes.get(earlier);
    if (holes !== undefined) this.#holes.set(file, holes);
    this.#block[file] = this.#block[earlier] as number;
    this.#fragment[file] = this.#fragment[earlier] as number;
    this.#offset[file] = this.#offset[earlier] as number;
  }

  blockOf(file: number): number {
    return this.#block[file] as number;
  }

  /** The place in the fragment table; `NO_INDEX` for a file of whole data blocks. */
  fragmentOf(file: number): number {
    return this.#fragment[file] as number;
  }

  offsetOf(file: number): number {
    return this.#offset[file] as number;
  }

  /** Bytes that are in no block, since they are zeros. */
  holesOf(file: number): number {
    return this.#holes.get(file) ?? 0;
  }

  #add(block: number, fragment: number, offset: number): number {
    const at = this.count++;
    this.#block = withRoom(this.#block, this.count);
    this.#fragment = withRoom(this.#fragment, this.count);
    this.#offset = withRoom(this.#offset, this.count);
    this.#block[at] = block;
    this.#fragment[at] = fragment;
    this.#offset[at] = offset;
    return at;
  }
}
