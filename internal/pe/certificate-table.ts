import type { PeImage } from "./pe-image.ts";

/** `WIN_CERT_REVISION_2_0` and `WIN_CERT_TYPE_PKCS_SIGNED_DATA`. */
const REVISION = 0x200;
const PKCS_SIGNED_DATA = 2;
const HEADER = 8;
/** More signatures than any program has. */
const MAX_ENTRIES = 16;

/** The PKCS #7 texts of a program's certificate table ("PE Format", The Attribute Certificate Table). */
export function certificateEntries(bytes: Uint8Array, image: PeImage): Uint8Array[] {
  const { certificates } = image;
  if (certificates === undefined) return [];
  const table = bytes.subarray(certificates.offset, certificates.offset + certificates.size);
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const entries: Uint8Array[] = [];
  for (let at = 0; at + HEADER <= table.length && entries.length < MAX_ENTRIES; ) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > table.length) break;
    if (view.getUint16(at + 4, true) === REVISION && view.getUint16(at + 6, true) === PKCS_SIGNED_DATA)
      entries.push(table.subarray(at + HEADER, at + length));
    at += (length + 7) & ~7;
  }
  return entries;
}
