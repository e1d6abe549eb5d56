/** Bytes of a SHA-256. */
export const DIGEST = 32;

/** The digests of the contents in one layer, by the ordinals of the members: 36 bytes for a small file. */
export class DigestColumns {
  /** One more than the number of a content's first digest; 0 for a content without digests. */
  readonly #firsts: Uint32Array;
  #digests: Uint8Array;
  /** Number of contents, and of their digests. */
  contents = 0;
  digests = 0;

  /** `stored` are the digests that are known already, and `members` is the number of members in the layer. */
  constructor({ members, stored }: { members: number; stored?: Uint8Array }) {
    this.#firsts = new Uint32Array(members);
    this.#digests = stored ?? new Uint8Array(DIGEST * members);
  }

  /** `count` digests of a content. Undefined if they are not known. */
  of(ordinal: number, count: number): Uint8Array | undefined {
    const first = this.#firsts[ordinal] ?? 0;
    if (first === 0 || first - 1 + count > this.digests) return undefined;
    return this.#digests.subarray(DIGEST * (first - 1), DIGEST * (first - 1 + count));
  }

  /** Adds the digests of a content that has none yet. */
  add(ordinal: number, digests: Uint8Array): void {
    const end = DIGEST * this.digests + digests.length;
    if (end > this.#digests.length) {
      // A copy, because callers hold parts of the old memory.
      const larger = new Uint8Array(Math.max(end, 2 * this.#digests.length));
      larger.set(this.#digests);
      this.#digests = larger;
    }
    this.#digests.set(digests, DIGEST * this.digests);
    this.#setFirst(ordinal, this.digests);
    this.digests += digests.length / DIGEST;
  }

  /** Bytes that {@link encodeInto} writes. */
  get size(): number {
    return 8 * this.contents + DIGEST * this.digests;
  }

  /** Writes the ordinal and the number of the first digest of each content, and then the digests, from a byte offset on. */
  encodeInto(bytes: Buffer, start: number): void {
    let at = start;
    for (const [ordinal, first] of this.#firsts.entries()) {
      if (first === 0) continue;
      bytes.writeUInt32LE(ordinal, at);
      bytes.writeUInt32LE(first - 1, at + 4);
      at += 8;
    }
    bytes.set(this.#digests.subarray(0, DIGEST * this.digests), at);
  }

  /**
   * The reverse of {@link encodeInto}, for a layer with this number of members. The result refers to the bytes.
   * @throws RangeError if they are damaged
   */
  static decoded(
    bytes: Buffer,
    { contents, digests, members }: { contents: number; digests: number; members: number },
  ): DigestColumns {
    if (bytes.length !== 8 * contents + DIGEST * digests) throw new RangeError("digests are missing");
    const columns = new DigestColumns({ members, stored: bytes.subarray(8 * contents) });
    for (let at = 0; at < 8 * contents; at += 8) {
      const [ordinal, first] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
      if (ordinal >= members || first >= digests) throw new RangeError("a content is not in the layer");
      columns.#setFirst(ordinal, first);
    }
    columns.digests = digests;
    return columns;
  }

  #setFirst(ordinal: number, first: number): void {
    this.#firsts[ordinal] = first + 1;
    this.contents++;
  }
}
