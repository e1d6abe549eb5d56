import { type FileHandle, open } from "node:fs/promises";
import { deflateSync, inflateSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { PlatterError } from "../error.ts";
import { errnoOf } from "../image/machine-error.ts";

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
  try {
    await correctRootTime(file, time);
  } catch (error) {
    // Numbers that lead out of the file, and blocks that cannot be unpacked: this is not what mksquashfs writes.
    if (error instanceof RangeError || isZlibError(error)) throw unreadable(path, "it contradicts itself");
    if (error instanceof Unreadable) throw unreadable(path, error.message);
    throw error;
  }
}

async function correctRootTime(file: FileHandle, time: number): Promise<void> {
  const superblock = Buffer.alloc(SUPERBLOCK);
  await file.read(superblock, 0, SUPERBLOCK, 0);
  if (superblock.toString("latin1", 0, 4) !== "hsqs")
    throw new Unreadable("it does not begin with a superblock");
  const reference = superblock.readBigUInt64LE(FIELD.root);
  const blockStart = Number(superblock.readBigUInt64LE(FIELD.inode) + (reference >> 16n));
  const used = Number(superblock.readBigUInt64LE(FIELD.used));
  if (used > (await file.stat()).size) throw new Unreadable("it is cut off");
  const tail = Buffer.alloc(used - blockStart);
  await file.read(tail, 0, tail.length, blockStart);
  const tableEnd = Number(superblock.readBigUInt64LE(FIELD.directory)) - blockStart;
  const codec = CODECS[superblock.readUInt16LE(FIELD.compressor)];
  const blocks = decodeBlocks(tail.subarray(0, tableEnd), codec);
  const inodes = Buffer.concat(blocks.map(({ content }) => content));
  const at = Number(reference & 0xffffn) + MTIME_OFFSET;
  if (inodes.readUInt32LE(at) === time) return;
  inodes.writeUInt32LE(time, at);
  // A block is 8 KiB, so the time may lie across two of them; those that are not touched keep their bytes.
  const encoded = blocks.map(({ stored, content, packed }, i) => {
    const now = inodes.subarray(i * METADATA, i * METADATA + content.length);
    return now.equals(content) ? stored : encodeBlock(now, packed ? codec : undefined);
  });
  const changed = Buffer.concat(encoded);
  const shift = changed.length - tableEnd;
  const moved = Buffer.concat([changed, tail.subarray(tableEnd)]);
  moveTables({ superblock, moved, blockStart, shift, oldBlockEnd: blockStart + tableEnd });
  const size = Math.ceil((used + shift) / PADDING) * PADDING;
  await file.write(moved, 0, moved.length, blockStart);
  await file.truncate(blockStart + moved.length);
  await file.truncate(size);
  await file.write(superblock, 0, SUPERBLOCK, 0);
}

interface MetadataBlock {
  /** As it stands in the file, with its header. */
  stored: Buffer;
  content: Buffer;
  packed: boolean;
}

/** The metadata blocks that a stretch of a table consists of; all but the last hold 8 KiB. */
function decodeBlocks(table: Buffer, codec: Codec | undefined): MetadataBlock[] {
  const blocks: MetadataBlock[] = [];
  for (let at = 0; at < table.length; ) {
    const header = table.readUInt16LE(at);
    const length = header & ~UNCOMPRESSED;
    const packed = (header & UNCOMPRESSED) === 0;
    if (packed && codec === undefined) throw new Unreadable("its inode table is compressed");
    const stored = table.subarray(at, at + 2 + length);
    const body = stored.subarray(2);
    const content = packed ? Buffer.from(codec!.unpack(body)) : Buffer.from(body);
    if (blocks.length > 0 && blocks.at(-1)!.content.length !== METADATA)
      throw new RangeError("a short block");
    blocks.push({ stored, content, packed });
    at += stored.length;
  }
  return blocks;
}

class Unreadable extends Error {}

function isZlibError(error: unknown): boolean {
  return /^(?:Z_|ERR_ZSTD|ERR_ZLIB|ZSTD_|ERR_BUFFER)/.test(errnoOf(error) ?? "");
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
