import { open } from "node:fs/promises";
import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { PlatterError } from "../error.ts";

/**
 * mksquashfs 4.5 ignores `-root-time` for a tar archive and takes the clock. The root's inode stands in the last block
 * of the inode table, so that block is rewritten and the tables behind it move. Offsets: Linux,
 * Documentation/filesystems/squashfs.rst, sections 3.1 to 3.7.
 */
const SUPERBLOCK = 96;
const NONE = 0xffffffffffffffffn;
const UNCOMPRESSED = 0x8000;
const METADATA = 8192;
/** Of an inode of any type: the modification time behind type, mode, owner and group. */
const MTIME_OFFSET = 8;
/** The file's length is a multiple of this, as mksquashfs leaves it. */
const PADDING = 4096;

const FIELD = {
  fragments: 16,
  compressor: 20,
  ids: 26,
  root: 32,
  used: 40,
  id: 48,
  xattr: 56,
  inode: 64,
  directory: 72,
  fragment: 80,
  exported: 88,
};

interface Codec {
  unpack: (block: Uint8Array) => Uint8Array;
  pack: (block: Uint8Array) => Uint8Array;
}

const CODECS: Readonly<Record<number, Codec>> = {
  1: { unpack: (block) => inflateSync(block), pack: (block) => deflateSync(block, { level: 9 }) },
  6: { unpack: (block) => zstdDecompressSync(block), pack: (block) => zstdCompressSync(block) },
};

/**
 * Sets the root directory's time in a squashfs, in seconds since 1970; a file in which it is right stays as it is.
 * @throws PlatterError `E_SQUASHFS` for a file that is no squashfs, or whose root cannot be read
 */
export async function setRootTime(path: string, time: number): Promise<void> {
  await using file = await open(path, "r+");
  const superblock = Buffer.alloc(SUPERBLOCK);
  await file.read(superblock, 0, SUPERBLOCK, 0);
  if (superblock.toString("latin1", 0, 4) !== "hsqs")
    throw unreadable(path, "it does not begin with a superblock");
  const reference = superblock.readBigUInt64LE(FIELD.root);
  const blockStart = Number(superblock.readBigUInt64LE(FIELD.inode)) + Number(reference >> 16n);
  const used = Number(superblock.readBigUInt64LE(FIELD.used));
  const tail = Buffer.alloc(used - blockStart);
  await file.read(tail, 0, tail.length, blockStart);
  const header = tail.readUInt16LE(0);
  const stored = tail.subarray(2, 2 + (header & ~UNCOMPRESSED));
  const codec = CODECS[superblock.readUInt16LE(FIELD.compressor)];
  if ((header & UNCOMPRESSED) === 0 && codec === undefined)
    throw unreadable(path, "its inode table is compressed");
  const block = Buffer.from(header & UNCOMPRESSED ? stored : codec!.unpack(stored));
  const at = Number(reference & 0xffffn) + MTIME_OFFSET;
  if (block.length > METADATA || at + 4 > block.length)
    throw unreadable(path, "its root inode is out of bounds");
  if (block.readUInt32LE(at) === time) return;
  block.writeUInt32LE(time, at);
  const changed = encodeBlock(block, header & UNCOMPRESSED ? undefined : codec);
  const shift = changed.length - (2 + stored.length);
  const moved = Buffer.concat([changed, tail.subarray(2 + stored.length)]);
  moveTables({ superblock, moved, blockStart, shift, oldBlockEnd: blockStart + 2 + stored.length });
  const size = Math.ceil((used + shift) / PADDING) * PADDING;
  await file.write(moved, 0, moved.length, blockStart);
  await file.truncate(blockStart + moved.length);
  await file.truncate(size);
  await file.write(superblock, 0, SUPERBLOCK, 0);
}

function encodeBlock(block: Buffer, codec: Codec | undefined): Buffer {
  const packed = codec === undefined ? block : codec.pack(block);
  const compressed = codec !== undefined && packed.length < block.length;
  const body = compressed ? packed : block;
  const header = Buffer.alloc(2);
  header.writeUInt16LE(body.length | (compressed ? 0 : UNCOMPRESSED));
  return Buffer.concat([header, body]);
}

/** Corrects every absolute position behind the changed block: in the superblock, and in the lists that tables keep. */
function moveTables(about: {
  superblock: Buffer;
  /** The file from `blockStart` on, as it will be. */
  moved: Buffer;
  blockStart: number;
  shift: number;
  oldBlockEnd: number;
}): void {
  const { superblock, moved, blockStart, shift, oldBlockEnd } = about;
  const correct = (buffer: Buffer, at: number) => {
    const position = buffer.readBigUInt64LE(at);
    if (position !== NONE && position >= BigInt(oldBlockEnd))
      buffer.writeBigUInt64LE(position + BigInt(shift), at);
  };
  const inode = superblock.readUInt32LE(4);
  for (const field of [FIELD.used, FIELD.id, FIELD.xattr, FIELD.directory, FIELD.fragment, FIELD.exported]) {
    correct(superblock, field);
  }
  const list = (field: number, entries: number, entrySize: number) => {
    const start = superblock.readBigUInt64LE(field);
    if (start === NONE) return;
    const blocks = Math.ceil((entries * entrySize) / METADATA);
    for (let i = 0; i < blocks; i++) correct(moved, Number(start) - blockStart + 8 * i);
  };
  list(FIELD.fragment, superblock.readUInt32LE(FIELD.fragments), 16);
  list(FIELD.id, superblock.readUInt16LE(FIELD.ids), 4);
  list(FIELD.exported, inode, 8);
  const xattr = superblock.readBigUInt64LE(FIELD.xattr);
  if (xattr === NONE) return;
  // The xattr table begins with the place of its values and the number of its ids, 16 bytes each.
  const start = Number(xattr) - blockStart;
  correct(moved, start);
  const ids = moved.readUInt32LE(start + 8);
  for (let i = 0; i < Math.ceil((ids * 16) / METADATA); i++) correct(moved, start + 16 + 8 * i);
}

function unreadable(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_SQUASHFS",
    kind: "tool",
    message: `Cannot set the root directory's time in \`${path}\`: ${reason}`,
    hint: "This is what mksquashfs wrote; try another version of it.",
  });
}
