import { PlatterError } from "../base/error.ts";
import { MAX_IDS } from "./blocks/format.ts";

/** Owners and groups, each once. An inode has their indexes (squashfs.rst, "Lookup tables"). */
export class IdTable {
  readonly #places = new Map<number, number>();

  get count(): number {
    return this.#places.size;
  }

  /** The index of an owner or a group. @throws PlatterError `E_TOO_MANY_OWNERS` */
  placeOf(id: number): number {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.#places.size;
    if (place >= MAX_IDS) throw tooMany();
    this.#places.set(id, place);
    return place;
  }

  content(): Buffer {
    const bytes = Buffer.alloc(4 * this.#places.size);
    for (const [id, place] of this.#places) bytes.writeUInt32LE(id, 4 * place);
    return bytes;
  }
}

function tooMany(): PlatterError {
  return new PlatterError({
    code: "E_TOO_MANY_OWNERS",
    kind: "contract",
    message: `Cannot make a squashfs: the image's files have more than ${MAX_IDS} different owners and groups`,
    hint: "Leave files out with --exclude, or choose --rootfs erofs.",
  });
}
