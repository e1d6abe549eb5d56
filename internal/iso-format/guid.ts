/** The 16 bytes of a GUID (UEFI 2.10, appendix A): the first three groups are little-endian. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

export function encodeGuid(text: string): Uint8Array {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  return Uint8Array.from(ORDER, (at) => bytes[at]!);
}

/** The text of a GUID in upper case. */
export function decodeGuid(bytes: Uint8Array): string {
  const hex = Buffer.from(ORDER.map((at) => bytes[at]!)).toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase();
}
