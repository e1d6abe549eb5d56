import { type Certificate, readCertificate } from "./certificate.ts";

/** The keys that shim accepts and refuses independently of the firmware. */
export interface VendorKeys {
  certificates: Certificate[];
  /** SHA-256 digests of programs, in hexadecimal. */
  hashes: string[];
}

export interface VendorTable {
  allowed: VendorKeys;
  denied: VendorKeys;
}

/** Identifiers of `EFI_SIGNATURE_LIST` (UEFI 2.10, 32.4.1), in the order of their bytes in memory. */
const X509_LIST = "a159c0a5e494a74a87b5ab155c2bf072";
const SHA256_LIST = "2616c4c14c509240aca941f936934328";
const OWNER = 16;
/** More keys than any shim contains. */
const MAX_KEYS = 2000;

/**
 * Reads shim's section `.vendor_cert` (shim's `cert.S`): two lengths, two offsets from the section's beginning, and
 * at each offset one certificate in DER or signature lists.
 */
export function parseVendorTable(section: Uint8Array): VendorTable {
  const part = (index: number): VendorKeys => {
    if (section.length < 16) return { certificates: [], hashes: [] };
    const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
    const size = view.getUint32(index * 4, true);
    const offset = view.getUint32(8 + index * 4, true);
    return parseKeys(
      offset + size > section.length ? new Uint8Array() : section.subarray(offset, offset + size),
    );
  };
  return { allowed: part(0), denied: part(1) };
}

function parseKeys(bytes: Uint8Array): VendorKeys {
  const single = bytes[0] === 0x30 ? readCertificate(bytes) : undefined;
  return single === undefined ? parseLists(bytes) : { certificates: [single], hashes: [] };
}

/** UEFI 2.10, 32.4.1: type, length of the list, of its header and of each entry, which begins with its owner. */
function parseLists(bytes: Uint8Array): VendorKeys {
  const keys: VendorKeys = { certificates: [], hashes: [] };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = 0; at + 28 <= bytes.length; ) {
    const type = Buffer.from(bytes.subarray(at, at + 16)).toString("hex");
    const length = view.getUint32(at + 16, true);
    const entrySize = view.getUint32(at + 24, true);
    const end = at + length;
    if (length < 28 || end > bytes.length || entrySize <= OWNER) break;
    for (let entry = at + 28 + view.getUint32(at + 20, true); entry + entrySize <= end; entry += entrySize) {
      if (count++ === MAX_KEYS) return keys;
      const data = bytes.subarray(entry + OWNER, entry + entrySize);
      const certificate = type === X509_LIST ? readCertificate(data) : undefined;
      if (certificate !== undefined) keys.certificates.push(certificate);
      if (type === SHA256_LIST) keys.hashes.push(Buffer.from(data).toString("hex"));
    }
    at = end;
  }
  return keys;
}
