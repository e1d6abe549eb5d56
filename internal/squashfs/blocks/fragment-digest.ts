import { DIGEST } from "./block-table.ts";

/** The files in a fragment, in columns, because a fragment may have hundreds of them. */
export interface FragmentParts {
  /** Bytes of each file. */
  lengths: Uint32Array;
  /** SHA-256 digests of the contents, one after the other. A digest of zeros is not known yet. */
  digests: Uint8Array<ArrayBuffer>;
}

/** Files of these lengths, without digests. */
export function partsOf(lengths: readonly number[]): FragmentParts {
  return { lengths: Uint32Array.from(lengths), digests: new Uint8Array(DIGEST * lengths.length) };
}

/**
 * The digest of a fragment. It is made of the lengths and SHA-256 digests of the files in it, so that digests suffice to know
 * it. As a SHA-512/256 it differs from the digest of every block. Digests that are not known are added to `parts`.
 */
export function fragmentDigest(content: Uint8Array, { lengths, digests }: FragmentParts): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha512-256");
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] as number;
    const digest = digests.subarray(DIGEST * i, DIGEST * (i + 1));
    if (isZero(digest)) Bun.CryptoHasher.hash("sha256", content.subarray(at, at + length), digest);
    hasher.update(lengths.subarray(i, i + 1));
    hasher.update(digest);
    at += length;
  }
  return hasher.digest();
}

function isZero(digest: Uint8Array): boolean {
  for (const byte of digest) if (byte !== 0) return false;
  return true;
}
