import { withRoom } from "../bytes/columns.ts";
import { DIGEST, firstSlot, hasDigest } from "./blocks/block-table.ts";

/** Files by the SHA-256 of their content: a hash table of numbers, since an image may have hundreds of thousands. */
export class Duplicates {
  /** One more than the entry's number; 0 is free. Open addressing, at most half full. */
  #slots = new Uint32Array(1024);
  #digests = new Uint8Array(512 * DIGEST);
  #files = new Uint32Array(512);
  #count = 0;

  /** The file that was added with this digest. */
  find(digest: Uint8Array): number | undefined {
    const entry = (this.#slots[this.#place(digest)] as number) - 1;
    return entry < 0 ? undefined : this.#files[entry];
  }

  /** The file that was added with this digest; otherwise adds `file` with it. */
  findOrAdd(digest: Uint8Array, file: number): number | undefined {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const found = this.find(digest);
    if (found === undefined) this.#slots[this.#place(digest)] = this.#add(digest, file) + 1;
    return found;
  }

  /** The slot of a digest's entry, or the free slot for it. */
  #place(digest: Uint8Array): number {
    for (let at = this.#slotOf(digest, 0); ; at = (at + 1) % this.#slots.length) {
      const entry = (this.#slots[at] as number) - 1;
      if (entry < 0 || hasDigest(this.#digests, { entry, digest })) return at;
    }
  }

  #add(digest: Uint8Array, file: number): number {
    const entry = this.#count++;
    this.#digests = withRoom(this.#digests, this.#count * DIGEST);
    this.#files = withRoom(this.#files, this.#count);
    this.#digests.set(digest, entry * DIGEST);
    this.#files[entry] = file;
    return entry;
  }

  #slotOf(digests: Uint8Array, start: number): number {
    return firstSlot(digests, { start, slots: this.#slots.length });
  }

  #grow(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let entry = 0; entry < this.#count; entry++) {
      let at = this.#slotOf(this.#digests, entry * DIGEST);
      while (this.#slots[at] !== 0) at = (at + 1) % this.#slots.length;
      this.#slots[at] = entry + 1;
    }
  }
}
