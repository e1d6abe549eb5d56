import { withRoom } from "../bytes/columns.ts";
import { NO_INDEX } from "./blocks/format.ts";

/** The positions of the contents of all files, by the files' number. Only files with content count. */
export class StoredContents {
  /** The first data block of a file with data blocks. */
  #block = new Uint32Array(1024);
  #fragment = new Uint32Array(1024);
  /** Offset of the content in the fragment. */
  #offset = new Uint32Array(1024);
  readonly #holes = new Map<number, number>();
  count = 0;

  /** Adds a file of data blocks; returns its number. */
  addBlocks(block: number): number {
    return this.#add(block, NO_INDEX, 0);
  }

  /** Adds zero bytes of a file that are not in a block. */
  addHole(file: number, length: number): void {
    if (length > 0) this.#holes.set(file, this.holesOf(file) + length);
  }

  addFragment(fragment: number, offset: number): void {
    this.#add(0, fragment, offset);
  }

  /** Adds a file with the content of an earlier one. */
  addSame(file: number): void {
    this.setSame(this.#add(0, 0, 0), file);
  }

  /** Changes a file into one with the content of an earlier file. */
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

  /** The index in the fragment table; `NO_INDEX` for a file of whole data blocks. */
  fragmentOf(file: number): number {
    return this.#fragment[file] as number;
  }

  offsetOf(file: number): number {
    return this.#offset[file] as number;
  }

  /** The number of zero bytes that are not in a block. */
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
