/**
 * CRC-64 of ISO 3309 (x^64 + x^4 + x^3 + x + 1, bits reversed), with which tar-split checks the contents of files. The
 * polynomial is so short that the feedback of 32 bits does not change them again. So four bytes are one step, without a
 * table.
 */
export class Crc64 {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + 4 <= bytes.length; at += 4) {
      const word = low ^ view.getUint32(at, true);
      low = high ^ (word << 31) ^ (word << 29) ^ (word << 28);
      high = word ^ (word >>> 1) ^ (word >>> 3) ^ (word >>> 4);
    }
    for (; at < bytes.length; at++) {
      const byte = (low ^ (bytes[at] as number)) & 0xff;
      low = (low >>> 8) | (high << 24);
      high = (high >>> 8) ^ (byte << 24) ^ (byte << 23) ^ (byte << 21) ^ (byte << 20);
    }
    this.#low = low;
    this.#high = high;
  }

  /** The checksum in eight bytes, most significant first. */
  digest(): Uint8Array {
    const digest = Buffer.alloc(8);
    digest.writeInt32BE(~this.#high, 0);
    digest.writeInt32BE(~this.#low, 4);
    return digest;
  }
}
