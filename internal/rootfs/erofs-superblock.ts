import type { ProblemCode } from "../bytes/problem-codes.ts";
/** The erofs superblock (Linux, fs/erofs/erofs_fs.h, struct erofs_super_block). */

import { viewOf } from "../bytes/fields.ts";
import { ProblemLog, type Reading } from "../bytes/problem-log.ts";
import type { ByteSource } from "../files/byte-source.ts";

export interface ErofsSuperblock {
  inodes: number;
  /** Seconds since 1970. */
  mkfsTime: number;
  blockSize: number;
  /** Sorted; none for a file system that is not compressed. */
  compressors: readonly ("lz4" | "lzma" | "deflate" | "zstd")[];
  /** Lower-case, with hyphens. */
  uuid: string;
  /** Length of the file system in bytes. */
  bytesUsed: number;
}

/** Offset of the superblock. */
const OFFSET = 1024;
const SIZE = 128;
const MAGIC = 0xe0f5e1e2;
const FEATURE = { checksum: 0x1, compressionConfigs: 0x2, lz4: 0x1 };
const COMPRESSORS = ["lz4", "lzma", "deflate", "zstd"] as const;
/** Length in bytes of a slot. An inode's number counts slots. */
const INODE_SLOT = 32;
const TYPE_MASK = 0xf000;
const DIRECTORY = 0x4000;

/** Whether an erofs begins at the source's first byte. */
export async function isErofs(source: ByteSource): Promise<boolean> {
  const magic = await source.read(OFFSET, 4);
  return magic.length === 4 && viewOf(magic).getUint32(0, true) === MAGIC;
}

/** Reads an erofs that begins at the source's first byte. `base` is the offset of that byte in the whole ISO. */
export async function readErofs(
  source: ByteSource,
  options: { base?: number; name?: string } = {},
): Promise<Reading<ErofsSuperblock | undefined>> {
  const log = new ProblemLog(options.base ?? 0);
  const name = options.name ?? "erofs";
  const note = (code: ProblemCode, field: number, detail: string) => {
    log.note({ code, detail: `${name} ${detail}`, offset: OFFSET + field });
  };
  const bytes = await source.read(OFFSET, SIZE);
  if (bytes.length < SIZE) {
    note("erofs-cut-off", 0, "ends within its superblock");
    return log.reading<ErofsSuperblock | undefined>(undefined);
  }
  const view = viewOf(bytes);
  const blockBits = bytes[12]!;
  if (view.getUint32(0, true) !== MAGIC || blockBits < 9 || blockBits > 16) {
    note("erofs-superblock", 0, "has no superblock that makes sense");
    return log.reading<ErofsSuperblock | undefined>(undefined);
  }
  const blockSize = 2 ** blockBits;
  const superblock: ErofsSuperblock = {
    inodes: Number(view.getBigUint64(16, true)),
    mkfsTime: Number(view.getBigUint64(24, true)),
    blockSize,
    compressors: compressorsOf(view),
    uuid: uuidOf(bytes.subarray(48, 64)),
    bytesUsed: view.getUint32(36, true) * blockSize,
  };
  if (view.getUint32(8, true) & FEATURE.checksum) {
    // The checksum covers the superblock's block, or a large block's rest, with itself as zero.
    const length = blockSize > OFFSET ? blockSize - OFFSET : blockSize;
    const block = new Uint8Array(await source.read(OFFSET, length));
    block.fill(0, 4, 8);
    log.covers({ name: `superblock of ${name}`, start: OFFSET + 4, length: block.length - 4 });
    if (crc32c(block) !== view.getUint32(4, true)) note("erofs-checksum", 4, "has a wrong checksum");
  }
  if (superblock.bytesUsed > source.size || superblock.bytesUsed < blockSize) {
    note("erofs-cut-off", 36, `has ${superblock.bytesUsed} bytes, but its file ${source.size}`);
    return log.reading<ErofsSuperblock | undefined>(superblock);
  }
  const root = view.getUint32(40, true) * blockSize + view.getUint16(14, true) * INODE_SLOT;
  const inode = await source.read(root, INODE_SLOT);
  if (inode.length < INODE_SLOT || (viewOf(inode).getUint16(4, true) & TYPE_MASK) !== DIRECTORY) {
    note("erofs-root", 14, "has no folder as its root");
  }
  return log.reading<ErofsSuperblock | undefined>(superblock);
}

function compressorsOf(view: DataView): ErofsSuperblock["compressors"] {
  const features = view.getUint32(80, true);
  if (features & FEATURE.compressionConfigs) {
    const set = view.getUint16(84, true);
    return COMPRESSORS.filter((_, bit) => set & (1 << bit));
  }
  return features & FEATURE.lz4 ? ["lz4"] : [];
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** CRC-32C (Castagnoli) as in erofs: it begins with ones and is not inverted at the end. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return crc >>> 0;
}
