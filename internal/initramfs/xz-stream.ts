import { crc32 } from "node:zlib";

/** Stream header and footer are of the same length (xz-file-format 1.2.0, sections 2.1.1 and 2.1.2). */
const EDGE = 12;
const FOOTER_MAGIC = "YZ";
/** Checks that the kernel's decompressor knows: none, and CRC32 (Documentation/staging/xz.rst). */
const KERNEL_CHECKS: readonly number[] = [0, 1];

/**
 * Finds the end of one xz stream without decompressing it: a footer stands at a multiple of four, repeats the flags of
 * the header and has a CRC32 of its own.
 */
export class XzStream {
  #position = 0;
  #header: Uint8Array | undefined;
  /** The last bytes of what came before: the beginning of what may be a footer. */
  #rest: Buffer = Buffer.alloc(0);

  /** How many bytes of the piece belong to the stream, and whether it ends there. */
  take(piece: Uint8Array): { length: number; isEnd: boolean } {
    const before = this.#rest.length;
    const joined = Buffer.concat([this.#rest, piece]);
    const start = this.#position - before;
    if (this.#header === undefined && joined.length >= EDGE)
      this.#header = Uint8Array.from(joined.subarray(0, EDGE));
    for (let at = joined.indexOf(FOOTER_MAGIC); at >= 0; at = joined.indexOf(FOOTER_MAGIC, at + 1)) {
      const end = at + FOOTER_MAGIC.length;
      if ((start + end) % 4 !== 0 || end < EDGE || start + end <= EDGE) continue;
      if (end > before && this.#isFooter(joined.subarray(end - EDGE, end)))
        return { length: end - before, isEnd: true };
    }
    this.#position += piece.length;
    this.#rest = joined.length < EDGE ? joined : Buffer.from(joined.subarray(1 - EDGE));
    return { length: piece.length, isEnd: false };
  }

  #isFooter(footer: Buffer): boolean {
    const flags = this.#header!.subarray(6, 8);
    return (
      flags.every((byte, i) => footer[8 + i] === byte) &&
      crc32(footer.subarray(4, 10)) === footer.readUInt32LE()
    );
  }
}

/** Whether the kernel reads a stream whose header begins with these eight bytes. */
export function kernelReadsXz(start: Uint8Array): boolean {
  return KERNEL_CHECKS.includes((start[7] ?? 0) & 15);
}
