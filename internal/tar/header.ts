import { tarError } from "./tar-error.ts";

/** The length of a tar header in bytes. Every content is padded to a multiple of it. */
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
/**
 * Parses one header block.
 * @throws PlatterError `E_TAR_CHECKSUM`, `E_TAR_NUMBER`
 */
export function parseTarHeader(block: Uint8Array, archive: string): TarHeader {
  const fields = new TarFields(block, archive);
  fields.checkSum();
  const posix = fields.is(257, "ustar\0");
  let path = fields.text(0, 100);
  // star marks its headers at the end, and stores times after a shorter prefix.
  const prefix = posix ? fields.text(345, fields.is(508, "tar\0") ? 131 : 155) : "";
  if (prefix !== "") path = `${prefix}/${path}`;
  const hasDevices = posix || fields.is(257, "ustar ");
  return {
    path,
    mode: fields.number(100, 8),
    uid: fields.number(108, 8),
    gid: fields.number(116, 8),
    size: fields.number(124, 12),
    mtime: fields.number(136, 12),
    type: String.fromCharCode(block[156] as number),
    linkPath: fields.text(157, 100),
    devMajor: hasDevices ? fields.number(329, 8) : 0,
    devMinor: hasDevices ? fields.number(337, 8) : 0,
  };
}

/** Fixed fields of a tar block, by offset and length. */
export class TarFields {
  readonly #bytes: Buffer;
  readonly #archive: string;

  constructor(block: Uint8Array, archive: string) {
    this.#bytes = block instanceof Buffer ? block : Buffer.from(block.buffer, block.byteOffset, BLOCK);
    this.#archive = archive;
  }

  /** Characters up to the first NUL. */
  text(at: number, length: number): string {
    const bytes = this.#bytes;
    let end = at;
    while (end < at + length && bytes[end] !== 0) end++;
    return end === at ? "" : bytes.toString("latin1", at, end);
  }

  /** Whether the field has exactly these characters. */
  is(at: number, characters: string): boolean {
    for (let i = 0; i < characters.length; i++) {
      if (this.#bytes[at + i] !== characters.charCodeAt(i)) return false;
    }
    return true;
  }

  /**
   * A number: octal digits, padded with spaces or NULs, or GNU's base-256 (first bit set, two's complement).
   * @throws PlatterError `E_TAR_NUMBER`
   */
  number(at: number, length: number): number {
    const bytes = this.#bytes;
    if ((bytes[at] as number) >= 0x80) return this.#base256(at, length);
    const end = at + length;
    let i = at;
    while (i < end && isPadding(bytes[i])) i++;
    let value = 0;
    for (; i < end && !isPadding(bytes[i]); i++) {
      const digit = (bytes[i] as number) - 0x30;
      if (digit < 0 || digit > 7) throw this.#badNumber();
      value = value * 8 + digit;
    }
    for (; i < end; i++) if (!isPadding(bytes[i])) throw this.#badNumber();
    return value;
  }

  /** @throws PlatterError `E_TAR_CHECKSUM` */
  checkSum(): void {
    const bytes = this.#bytes;
    const stored = this.number(148, 8);
    // Each half of the number sums one of two bytes. The sum of 256 bytes fits into a half.
    let sums = 0;
    for (let at = 0; at < BLOCK; at += 4) {
      const word = bytes.readUInt32LE(at);
      sums += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
    }
    // The checksum field itself counts as eight spaces.
    let unsigned = (sums & 0xffff) + (sums >>> 16) + 8 * 32;
    for (let at = 148; at < 156; at++) unsigned -= bytes[at] as number;
    if (stored === unsigned || stored === unsigned - 256 * negativeBytes(bytes)) return;
    const problem = `a header's checksum is ${unsigned}, but ${stored} is written`;
    throw tarError("E_TAR_CHECKSUM", this.#archive, problem);
  }

  #base256(at: number, length: number): number {
    const first = this.#bytes[at] as number;
    const negative = (first & 0x40) !== 0;
    let value = BigInt(negative ? first - 0x100 : first & 0x7f);
    for (let i = at + 1; i < at + length; i++) value = value * 256n + BigInt(this.#bytes[i] as number);
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.#badNumber();
    return number;
  }

  #badNumber(): Error {
    const problem = "a header has a field that is not a number";
    return tarError("E_TAR_NUMBER", this.#archive, problem);
  }
}

/** Some historical writers added signed characters. */
function negativeBytes(header: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < BLOCK; at++) if ((at < 148 || at >= 156) && (header[at] as number) >= 0x80) count++;
  return count;
}

function isPadding(byte: number | undefined): boolean {
  return byte === 0 || byte === 0x20;
}
