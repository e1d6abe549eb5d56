/** The format of a part of an initramfs: a plain archive, or a compressed one. */
export type SegmentFormat = "cpio" | "gzip" | "bzip2" | "lzma" | "xz" | "lzo" | "lz4" | "zstd" | "lz4-frame";

/** The number of bytes that {@link segmentFormat} needs. */
export const MAGIC_LENGTH = 6;

/** Magic numbers of the kernel (lib/decompress.c), and one that the kernel does not support at the end. */
const MAGICS: readonly (readonly [SegmentFormat, readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["gzip", [0x1f, 0x9e]],
  ["bzip2", [0x42, 0x5a]],
  ["lzma", [0x5d, 0x00]],
  ["xz", [0xfd, 0x37]],
  ["lzo", [0x89, 0x4c]],
  ["lz4", [0x02, 0x21]],
  ["zstd", [0x28, 0xb5]],
  ["lz4-frame", [0x04, 0x22, 0x4d, 0x18]],
];

/** The format of the segment that begins with these bytes. */
export function segmentFormat(start: Uint8Array): SegmentFormat | undefined {
  // The kernel takes data that begins with a digit 0 for an archive (init/initramfs.c).
  if (start[0] === 0x30) return "cpio";
  return MAGICS.find(([, magic]) => magic.every((byte, at) => start[at] === byte))?.[0];
}
