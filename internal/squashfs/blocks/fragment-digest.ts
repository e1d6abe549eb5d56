const NUMBERS = new Uint32Array(1);

/** A file in a fragment. */
export interface FragmentPart {
  /** Bytes. */
  length: number;
  /** SHA-256 of the content; undefined if it is not known yet. */
  digest: Uint8Array | undefined;
}

/**
 * The digest of a fragment. It is made of the lengths and SHA-256 digests of the files in it, so that digests suffice to know
 * it. As a SHA-512/256 it differs from the digest of every block.
 */
export function fragmentDigest(content: Uint8Array, parts: readonly FragmentPart[]): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha512-256");
  let at = 0;
  for (const { length, digest } of parts) {
    NUMBERS[0] = length;
    hasher.update(NUMBERS);
    hasher.update(digest ?? Bun.CryptoHasher.hash("sha256", content.subarray(at, at + length)));
    at += length;
  }
  return hasher.digest();
}
