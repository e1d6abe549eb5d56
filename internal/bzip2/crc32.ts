/** CRC-32 of bzip2, which processes the highest bit first. */
const POLYNOMIAL = 0x04c11db7;
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte << 24;
  for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ POLYNOMIAL : sum << 1;
  return sum;
});

/** The checksum over further bytes. Begin with -1, and invert the final checksum. */
export function updateCrc(sum: number, bytes: Uint8Array): number {
  let crc = sum;
  for (const byte of bytes) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ byte]!;
  return crc;
}
