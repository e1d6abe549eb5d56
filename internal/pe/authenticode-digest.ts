import { createHash } from "node:crypto";
import type { PeImage } from "./pe-image.ts";

export type DigestAlgorithm = "sha1" | "sha256" | "sha384" | "sha512";

/**
 * The digest of a program that its signatures cover: the file without its checksum, the entry of the certificate table,
 * and that table (Microsoft "Windows Authenticode Portable Executable Signature Format", Calculating the PE Image
 * Hash). Undefined if the headers are invalid.
 */
export function authenticodeDigest(
  bytes: Uint8Array,
  { image, algorithm }: { image: PeImage; algorithm: DigestAlgorithm },
): Uint8Array | undefined {
  const { headerSize, checksumAt, certificateEntryAt, certificates } = image;
  const entry = certificateEntryAt ?? checksumAt + 4;
  const afterEntry = certificateEntryAt === undefined ? entry : entry + 8;
  if (headerSize < afterEntry || headerSize > bytes.length) return undefined;
  const hash = createHash(algorithm);
  hash.update(bytes.subarray(0, checksumAt));
  hash.update(bytes.subarray(checksumAt + 4, entry));
  hash.update(bytes.subarray(afterEntry, headerSize));
  const sections = image.sections.filter(({ size }) => size > 0).sort((a, b) => a.offset - b.offset);
  let hashed = headerSize;
  for (const { offset, size } of sections) {
    hash.update(bytes.subarray(offset, offset + size));
    hashed += size;
    // Sections that overlap could make a small file take very long.
    if (hashed > bytes.length) return undefined;
  }
  const end = bytes.length - (certificates?.size ?? 0);
  if (end > hashed) hash.update(bytes.subarray(hashed, end));
  return new Uint8Array(hash.digest());
}
