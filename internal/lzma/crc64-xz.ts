/** CRC-64 as xz checks its contents with it (ECMA-182, bits reversed): four bytes are one step. */
const POLYNOMIAL = { low: 0xd7870f42, high: 0xc96c5795 };
/** Sums of a byte with none to three zeros after it, in two halves. */
const LOW = new Int32Array(4 * 256);
const HIGH = new Int32Array(4 * 256);

for (let byte = 0; byte < 256; byte++) {
  let [low, high] = [byte, 0];
  for (let bit = 0; bit < 8; bit++) {
    const isOdd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) [low, high] = [low ^ POLYNOMIAL.low, high ^ POLYNOMIAL.high];
  }
  [LOW[byte], HIGH[byte]] = [low, high];
}
for (let at = 256; at < 4 * 256; at++) {
  const [low, high] = [LOW[at - 256]!, HIGH[at - 256]!];
  const entry = low & 0xff;
  LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[entry]!;
  HIGH[at] = (high >>> 8) ^ HIGH[entry]!;
}

export class Crc64Xz {
  #low = -1;
  #high = -1;

  update(bytes: Uint8Array): void {
    let low = this.#low;
    let high = this.#high;
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4) {
      const word =
        low ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      const [a, b, c, d] = [
        768 + (word & 0xff),
        512 + ((word >>> 8) & 0xff),
        256 + ((word >>> 16) & 0xff),
        word >>> 24,
      ];
      low = high ^ LOW[a]! ^ LOW[b]! ^ LOW[c]! ^ LOW[d]!;
      high = HIGH[a]! ^ HIGH[b]! ^ HIGH[c]! ^ HIGH[d]!;
    }
    for (; at < bytes.length; at++) {
      const entry = (low ^ bytes[at]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ LOW[entry]!;
      high = (high >>> 8) ^ HIGH[entry]!;
    }
    this.#low = low;
    this.#high = high;
  }

  /** Eight bytes, least significant first. */
  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeInt32LE(~this.#low, 0);
    digest.writeInt32LE(~this.#high, 4);
    return digest;
  }
}
