/** The status of an entry of a folder: `struct statx` (Linux, include/uapi/linux/stat.h), the same on all architectures. */
export class EntryStatus {
  readonly struct = new ArrayBuffer(256);
  readonly #halves = new Uint16Array(this.struct);
  readonly #words = new Uint32Array(this.struct);
  readonly #longs = new BigInt64Array(this.struct);

  /** Type and permissions. */
  get mode(): number {
    return this.#halves[14] as number;
  }

  get links(): number {
    return this.#words[4] as number;
  }

  get uid(): number {
    return this.#words[5] as number;
  }

  get gid(): number {
    return this.#words[6] as number;
  }

  get ino(): bigint {
    return this.#longs[4] as bigint;
  }

  get size(): number {
    return this.#number(10);
  }

  /** Whole seconds since 1970, rounded down. */
  get mtime(): number {
    return this.#number(28);
  }

  /** Nanoseconds since 1970. */
  get ctimeNs(): bigint {
    return (this.#longs[12] as bigint) * 1_000_000_000n + BigInt(this.#words[26] as number);
  }

  /** Major and minor number of a device file. */
  get device(): [number, number] {
    return [this.#words[32] as number, this.#words[33] as number];
  }

  /** Identifies the device of the file system. */
  get dev(): bigint {
    return this.#longs[17] as bigint;
  }

  /** A signed number of 64 bits, without the cost of a BigInt. */
  #number(word: number): number {
    return ((this.#words[word + 1] as number) | 0) * 2 ** 32 + (this.#words[word] as number);
  }
}
