const NUMBERS = new Uint32Array(1);

/**
 * The digest of a fragment. It is made of the lengths and SHA-256 digests of the files in it, without their bytes. As a
 * SHA-512/256 it differs from the digest of every block.
 */
export class FragmentDigest {
  #hasher = new Bun.CryptoHasher("sha512-256");

  add(length: number, digest: Uint8Array): void {
    NUMBERS[0] = length;
    this.#hasher.update(NUMBERS);
    this.#hasher.update(digest);
  }

  /** The digest of the files that were added since the last call. */
  take(): Uint8Array {
    const digest = this.#hasher.digest();
    this.#hasher = new Bun.CryptoHasher("sha512-256");
    return digest;
  }
}
