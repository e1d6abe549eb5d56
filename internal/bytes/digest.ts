/** The SHA-256 digest of bytes, in the form of manifests: `sha256:HEX`. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}
