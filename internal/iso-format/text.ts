/** Texts of fixed length, padded with spaces. */

/** UTF-8, cut to the length. Linux shows a volume id as UTF-8, although ECMA-119 has only ASCII. */
export function padded(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(Buffer.from(text, "utf8").subarray(0, length));
  return bytes;
}

/** UCS-2, big-endian (Joliet specification). An odd last byte is zero. */
export function jolietPadded(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const units = Math.floor(length / 2);
  bytes.set(ucs2(text.slice(0, units).padEnd(units)));
  return bytes;
}

/** UCS-2, big-endian, without padding. */
export function ucs2(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), false);
  return bytes;
}
