import { tarError } from "./tar-error.ts";

/** The length of a tar header, and what every content is padded to. */
export const BLOCK = 512;

/** One 512-byte header of a tar archive (POSIX.1-1988 ustar, GNU, star, V7), before extended records are applied. */
export interface TarHeader {
  path: string;
  mode: number;
  uid: number;
  gid: number;
  /** Bytes stored in the archive. */
  size: number;
  mtime: number;
  /** Type flag as a character; "\0" for the oldest archives. */
  type: string;
  linkPath: string;
  devMajor: number;
  devMinor: number;
}

/** True if the block holds zeros only, as the end of an archive does. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block[0] === 0 && ZERO_BLOCK.equals(block);
}

const ZERO_BLOCK = Buffer.alloc(BLOCK);
const FLAG_AT = 156;

/**
 * Parses one header block.
 * @throws PlatterError `E_TAR_CHECKSUM`, `E_TAR_NUMBER`
 */
export function parseTarHeader(block: Uint8Array, archive: string): TarHeader {
  const bytes = Buffer.from(block.buffer, block.byteOffset, BLOCK);
  checkSum(bytes, archive);
  const number = (at: number, length: number) => parseTarNumber(bytes, { at, length, archive });
  const magic = bytes.toString("latin1", 257, 265);
  const posix = magic.startsWith("ustar\0");
  const hasDevices = posix || magic === "ustar  \0";
  let path = text(bytes, 0, 100);
  if (posix) {
    // star marks its headers at the end and keeps times behind a shorter prefix.
    const star = bytes.toString("latin1", 508, 512) === "tar\0";
    const prefix = text(bytes, 345, star ? 131 : 155);
    if (prefix !== "") path = `${prefix}/${path}`;
  }
  return {
    path,
    mode: number(100, 8),
    uid: number(108, 8),
    gid: number(116, 8),
    size: number(124, 12),
    mtime: number(136, 12),
    type: String.fromCharCode(bytes[FLAG_AT] as number),
    linkPath: text(bytes, 157, 100),
    devMajor: hasDevices ? number(329, 8) : 0,
    devMinor: hasDevices ? number(337, 8) : 0,
  };
}

/** Characters up to the first NUL. */
function text(bytes: Buffer, at: number, length: number): string {
  if (bytes[at] === 0) return "";
  const end = bytes.indexOf(0, at);
  return bytes.toString("latin1", at, end < 0 || end > at + length ? at + length : end);
}

function checkSum(bytes: Buffer, archive: string): void {
  const stored = parseTarNumber(bytes, { at: 148, length: 8, archive });
  // The checksum field itself counts as eight spaces.
  let unsigned = 8 * 32;
  let signed = unsigned;
  for (let at = 0; at < BLOCK; at++) {
    if (at === 148) at = 156;
    const byte = bytes[at] as number;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  // Some historical writers added signed characters.
  if (stored === unsigned || stored === signed) return;
  throw tarError("E_TAR_CHECKSUM", archive, `a header's checksum is ${unsigned}, but ${stored} is written`);
}

/**
 * A numeric field: octal digits, padded with spaces or NULs, or GNU's base-256 (first bit set, two's complement).
 * @throws PlatterError `E_TAR_NUMBER`
 */
export function parseTarNumber(
  bytes: Uint8Array,
  field: { at: number; length: number; archive: string },
): number {
  const { at, length, archive } = field;
  const first = bytes[at] as number;
  if (first >= 0x80) return parseBase256(bytes, field);
  let value = 0;
  let begun = false;
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x30 && byte <= 0x37) {
      value = value * 8 + byte - 0x30;
      begun = true;
    } else if (byte === 0 || byte === 0x20) {
      if (!begun) continue;
      for (let rest = i; rest < at + length; rest++) {
        if (bytes[rest] !== 0 && bytes[rest] !== 0x20) throw badNumber(archive);
      }
      return value;
    } else throw badNumber(archive);
  }
  return value;
}

function parseBase256(bytes: Uint8Array, field: { at: number; length: number; archive: string }): number {
  const { at, length, archive } = field;
  const negative = ((bytes[at] as number) & 0x40) !== 0;
  let value = BigInt(negative ? (bytes[at] as number) - 0x100 : (bytes[at] as number) & 0x7f);
  for (let i = at + 1; i < at + length; i++) value = value * 256n + BigInt(bytes[i] as number);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw badNumber(archive);
  return number;
}

function badNumber(archive: string): Error {
  return tarError("E_TAR_NUMBER", archive, "a header holds something that is not a number where one belongs");
}
