/** Structures of a squashfs (Linux, Documentation/filesystems/squashfs.rst, version 4.0). All numbers are little-endian. */

/** Length of the superblock. */
export const SUPERBLOCK_SIZE = 96;
/** Most bytes of a data block. */
export const LARGEST_BLOCK = 1024 * 1024;
/** Bytes of a full metadata block before it is compressed. */
export const METADATA_SIZE = 8192;
/** A reference or an offset of a structure that does not exist. */
export const NONE = 0xffffffffffffffffn;
/** Index in an inode without a fragment, or without extended attributes. */
export const NO_INDEX = 0xffffffff;
/** Flag in the length of a data block or a fragment: the block is not compressed. */
export const STORED_BLOCK = 1 << 24;
/** Flag in the length of a metadata block: the block is not compressed. */
export const STORED_METADATA = 1 << 15;
/** The most owners and groups that the fields of an inode can number. */
export const MAX_IDS = 0xffff;

const MAGIC = 0x73717368;

const COMPRESSORS = { gzip: 1, zstd: 6 } as const;
export type SquashfsCompressor = keyof typeof COMPRESSORS;

/** Flags of the superblock. */
export const FLAG = {
  plainInodes: 0x0001,
  plainData: 0x0002,
  plainFragments: 0x0008,
  noFragments: 0x0010,
  duplicatesShared: 0x0040,
  exportable: 0x0080,
  plainXattrs: 0x0100,
  noXattrs: 0x0200,
  compressorOptions: 0x0400,
  plainIds: 0x0800,
} as const;

interface SuperblockFields {
  inodes: number;
  /** Seconds since 1970. */
  time: number;
  blockSize: number;
  fragments: number;
  compressor: SquashfsCompressor;
  flags: number;
  ids: number;
  /** The block of the root's inode, from the start of the inode table, and the offset in the block. */
  root: Reference;
  bytesUsed: number;
  /** The offset of each table; undefined if the table does not exist. */
  idTable: number;
  xattrTable: number | undefined;
  inodeTable: number;
  directoryTable: number;
  fragmentTable: number | undefined;
  exportTable: number;
}

/** The position of an entry in a table of metadata blocks. */
export interface Reference {
  /** Offset in bytes of the stored block in the table. */
  block: number;
  /** Offset in bytes in the decompressed block. */
  at: number;
}

/** A reference as one number. */
export function packedReference({ block, at }: Reference): bigint {
  return (BigInt(block) << 16n) | BigInt(at);
}

export function superblock(fields: SuperblockFields): Buffer {
  const bytes = Buffer.alloc(SUPERBLOCK_SIZE);
  const place = (value: number | undefined, at: number) => {
    bytes.writeBigUInt64LE(value === undefined ? NONE : BigInt(value), at);
  };
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(fields.inodes, 4);
  bytes.writeUInt32LE(fields.time, 8);
  bytes.writeUInt32LE(fields.blockSize, 12);
  bytes.writeUInt32LE(fields.fragments, 16);
  bytes.writeUInt16LE(COMPRESSORS[fields.compressor], 20);
  bytes.writeUInt16LE(Math.log2(fields.blockSize), 22);
  bytes.writeUInt16LE(fields.flags, 24);
  bytes.writeUInt16LE(fields.ids, 26);
  bytes.writeUInt16LE(4, 28);
  bytes.writeUInt16LE(0, 30);
  bytes.writeBigUInt64LE(packedReference(fields.root), 32);
  place(fields.bytesUsed, 40);
  place(fields.idTable, 48);
  place(fields.xattrTable, 56);
  place(fields.inodeTable, 64);
  place(fields.directoryTable, 72);
  place(fields.fragmentTable, 80);
  place(fields.exportTable, 88);
  return bytes;
}
