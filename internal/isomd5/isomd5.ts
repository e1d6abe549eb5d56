/** The checksum that `checkisomd5` reads, computed from a stream of an ISO's bytes. */

import { PlatterError } from "../base/error.ts";
import { SECTOR } from "../iso-format/units.ts";
import {
  AREA_OFFSET,
  AREA_SIZE,
  encodeArea,
  FRAGMENT_COUNT,
  FRAGMENT_SUMS_LENGTH,
  SKIP_SECTORS,
} from "./text.ts";

/** The checker reads in pieces of this size, and looks at its fragment sums only between two pieces. */
export const PIECE_SIZE = 32768;

/** The position of the application use area, and the length of the volume by its primary descriptor. */
interface PrimaryVolume {
  /** Offset of the application use area. */
  areaOffset: number;
  /** Length of the volume in bytes. */
  volumeSize: number;
}

/**
 * Finds the primary volume descriptor in `bytes`, which begin at byte 32768 of the ISO; undefined without a descriptor.
 */
export function findVolumeExtent(bytes: Uint8Array): PrimaryVolume | undefined {
  for (let at = 0; at + SECTOR <= bytes.length; at += SECTOR) {
    const sector = Buffer.from(bytes.buffer, bytes.byteOffset + at, SECTOR);
    if (sector.toString("latin1", 1, 6) !== "CD001" || sector[0] === 255) return undefined;
    if (sector[0] !== 1) continue;
    return { areaOffset: PIECE_SIZE + at + AREA_OFFSET, volumeSize: sector.readUInt32BE(84) * SECTOR };
  }
  return undefined;
}

/** The sums of one pass over an ISO, whose end and application use area are known. */
export class PieceHash {
  readonly #hash = new Bun.CryptoHasher("md5");
  readonly #total: number;
  readonly #areaOffset: number;
  readonly #fragmentCount: number;
  readonly #fragmentSums: string[];
  #fragment = 0;
  #offset = 0;

  constructor(options: { total: number; areaOffset: number; fragmentCount: number }) {
    this.#total = options.total;
    this.#areaOffset = options.areaOffset;
    this.#fragmentCount = options.fragmentCount;
    // The checker never compares a fragment that begins and ends within one piece, but its digits must exist.
    const blank = "0".repeat(digitsOf(options.fragmentCount));
    this.#fragmentSums = new Array(options.fragmentCount).fill(blank);
  }

  /** The number of bytes that were summed so far. */
  get offset(): number {
    return this.#offset;
  }

  /** The next piece: {@link PIECE_SIZE} bytes, fewer only at the end. */
  update(piece: Uint8Array): void {
    this.#hash.update(this.#blanked(piece) as Uint8Array<ArrayBuffer>);
    const fragment = Math.floor((this.#offset * (this.#fragmentCount + 1)) / this.#total);
    if (fragment !== this.#fragment && this.#fragmentCount > 0) {
      this.#fragmentSums[fragment - 1] = fragmentSum(this.#hash.copy().digest(), this.#fragmentCount);
      this.#fragment = fragment;
    }
    this.#offset += piece.length;
  }

  finish(): { md5: string; fragmentSums: string[] } {
    return { md5: this.#hash.digest("hex"), fragmentSums: this.#fragmentSums };
  }

  /** The application use area counts as spaces, since the sums are written there. */
  #blanked(piece: Uint8Array): Uint8Array {
    const start = Math.max(0, this.#areaOffset - this.#offset);
    const end = Math.min(piece.length, this.#areaOffset + AREA_SIZE - this.#offset);
    if (start >= end) return piece;
    const copy = new Uint8Array(piece);
    copy.fill(0x20, start, end);
    return copy;
  }
}

/** The first hexadecimal digit, without leading zeros, of each of the digest's first bytes. */
function fragmentSum(digest: Uint8Array, fragmentCount: number): string {
  const first = digest.subarray(0, digitsOf(fragmentCount));
  return Array.from(first, (byte) => byte.toString(16).charAt(0)).join("");
}

function digitsOf(fragmentCount: number): number {
  return fragmentCount === 0 ? 0 : Math.floor(FRAGMENT_SUMS_LENGTH / fragmentCount);
}

/** The bytes to write into an ISO, and their offset. */
export interface IsoMd5Implant {
  /** Offset of {@link bytes} in the ISO. */
  offset: number;
  /** 512 bytes. */
  bytes: Uint8Array;
  md5: string;
}

/**
 * Reads an ISO from its first byte in pieces of any size, and returns the bytes to implant. The content of the
 * application use area does not matter, so the result is the same before and after implanting.
 */
export class IsoMd5 {
  readonly #piece = new Uint8Array(PIECE_SIZE);
  #filled = 0;
  #systemArea: Uint8Array | undefined;
  #extent: PrimaryVolume | undefined;
  #hash: PieceHash | undefined;
  #total = Number.POSITIVE_INFINITY;
  #received = 0;

  /** @throws PlatterError `E_ISO_NO_VOLUME` if this is not an ISO, `E_ISO_TOO_SMALL` if it is too short for a checksum. */
  update(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const wanted = Math.min(PIECE_SIZE, this.#total - this.#received + this.#filled);
      if (wanted <= 0) return;
      const part = chunk.subarray(at, at + wanted - this.#filled);
      at += part.length;
      this.#received += part.length;
      if (part.length === wanted) {
        this.#take(part);
        continue;
      }
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      if (this.#filled < wanted) return;
      this.#filled = 0;
      this.#take(this.#piece.subarray(0, wanted));
    }
  }

  /**
   * @param options `supported`: whether the maker calls this a supported release. The default is false.
   * @throws PlatterError `E_ISO_NO_VOLUME`, or `E_ISO_TRUNCATED` if the ISO ended before its volume.
   */
  finish(options: { supported?: boolean } = {}): IsoMd5Implant {
    const tail = this.#piece.subarray(0, this.#filled);
    const extent = this.#extent ?? (this.#systemArea === undefined ? undefined : findVolumeExtent(tail));
    if (extent === undefined) throw noVolume();
    if (this.#hash === undefined || this.#hash.offset < this.#total) {
      throw new PlatterError({
        code: "E_ISO_TRUNCATED",
        kind: "media",
        message: `Cannot compute the checksum: the ISO ends after ${this.#received} bytes, and its volume has ${extent.volumeSize}`,
        hint: "Make or download the ISO again.",
      });
    }
    const sums = { ...this.#hash.finish(), skipSectors: SKIP_SECTORS, supported: options.supported ?? false };
    return { offset: extent.areaOffset, bytes: encodeArea(sums), md5: sums.md5 };
  }

  #take(piece: Uint8Array): void {
    if (this.#hash !== undefined) {
      this.#hash.update(piece);
      return;
    }
    if (this.#systemArea === undefined) {
      this.#systemArea = new Uint8Array(piece);
      return;
    }
    this.#extent = findVolumeExtent(piece);
    if (this.#extent === undefined) throw noVolume();
    this.#total = summedBytes(this.#extent, SKIP_SECTORS);
    this.#hash = new PieceHash({
      total: this.#total,
      areaOffset: this.#extent.areaOffset,
      fragmentCount: FRAGMENT_COUNT,
    });
    this.#hash.update(this.#systemArea);
    this.#hash.update(piece.subarray(0, this.#total - PIECE_SIZE));
  }
}

/**
 * The number of bytes that the sum covers.
 * @throws PlatterError `E_ISO_TOO_SMALL` if the part without a sum reaches into the descriptors.
 */
function summedBytes(extent: PrimaryVolume, skipSectors: number): number {
  const total = extent.volumeSize - skipSectors * SECTOR;
  if (total >= extent.areaOffset + AREA_SIZE) return total;
  throw new PlatterError({
    code: "E_ISO_TOO_SMALL",
    kind: "media",
    message: `Cannot compute the checksum: an ISO of ${extent.volumeSize} bytes is too small to skip its last ${skipSectors} sectors`,
  });
}

export function noVolume(): PlatterError {
  return new PlatterError({
    code: "E_ISO_NO_VOLUME",
    kind: "media",
    message:
      "Cannot read the ISO: it is not an ISO 9660 file system, since it has no primary volume descriptor",
  });
}
