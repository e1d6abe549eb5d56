import { type FileHandle, open } from "node:fs/promises";
import { PlatterError } from "../error.ts";

/**
 * mksquashfs 4.5 ignores `-root-time`, `-root-uid` and `-root-gid` for a tar archive and takes the clock and the caller.
 * The root's inode stands at the end of the inode table and its owner at the end of the id table, so both are
 * rewritten and what follows moves. Both must be stored as they are (`-noI`). Offsets: Linux, Documentation/filesystems/squashfs.rst, sections 3.1 to 3.7.
 */
const SUPERBLOCK = 96;
const NONE = 0xffffffffffffffffn;
const UNCOMPRESSED = 0x8000;
const METADATA = 8192;
/** Of an inode of any type: type, mode, then owner and group as places in the id table, then the time. */
const OWNER_OFFSET = 4;
const GROUP_OFFSET = 6;
const MTIME_OFFSET = 8;
const MTIME_END = 12;
/** The file's length is a multiple of this, as mksquashfs leaves it. */
const PADDING = 4096;

const FIELD = {
  inodes: 4,
  fragments: 16,
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

/** What the root directory's inode is to say. */
export interface RootInode {
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  /** Owners and groups of everything else: those at the end of the id table that are none of them go. */
  otherIds: ReadonlySet<number>;
}

/**
 * Corrects the root directory's owner and time in a squashfs whose inodes and ids are not compressed, so that the bytes
 * depend neither on the clock nor on the caller.
 * @throws PlatterError `E_SQUASHFS` for a file that is no squashfs, or whose root cannot be read
 */
export async function setRootInode(path: string, root: RootInode): Promise<void> {
  await using file = await open(path, "r+");
  try {
    await correctRoot(file, root);
  } catch (error) {
    // Numbers that lead out of the file: this is not what mksquashfs writes.
    if (error instanceof RangeError) throw unreadable(path, "it contradicts itself");
    if (error instanceof Unreadable) throw unreadable(path, error.message);
    throw error;
  }
}

async function correctRoot(file: FileHandle, root: RootInode): Promise<void> {
  const superblock = Buffer.alloc(SUPERBLOCK);
  await file.read(superblock, 0, SUPERBLOCK, 0);
  if (superblock.toString("latin1", 0, 4) !== "hsqs")
    throw new Unreadable("it does not begin with a superblock");
  const reference = superblock.readBigUInt64LE(FIELD.root);
  const start = Number(superblock.readBigUInt64LE(FIELD.inode) + (reference >> 16n));
  const used = Number(superblock.readBigUInt64LE(FIELD.used));
  if (used > (await file.stat()).size) throw new Unreadable("it is cut off");
  const tail = Buffer.alloc(used - start);
  await file.read(tail, 0, tail.length, start);

  const idList = Number(superblock.readBigUInt64LE(FIELD.id)) - start;
  const idStart = Number(tail.readBigUInt64LE(idList)) - start;
  const idBlocks = decodeBlocks(tail.subarray(idStart, idList));
  const oldIds = contentOf(idBlocks);
  const ids = idsWithRoot(oldIds, root);
  const newIds = idTable(ids);
  const idRegion = encodeTable(newIds);

  const inodeEnd = Number(superblock.readBigUInt64LE(FIELD.directory)) - start;
  const inodeBlocks = decodeBlocks(tail.subarray(0, inodeEnd));
  const inodes = contentOf(inodeBlocks);
  const at = Number(reference & 0xffffn);
  inodes.writeUInt16LE(ids.indexOf(root.uid), at + OWNER_OFFSET);
  inodes.writeUInt16LE(ids.indexOf(root.gid), at + GROUP_OFFSET);
  inodes.writeUInt32LE(root.mtime, at + MTIME_OFFSET);
  // A block is 8 KiB, so the inode may lie across two of them; those that are not touched keep their bytes.
  const inodeRegion = Buffer.concat(
    inodeBlocks.map(({ stored, content }, i) => {
      const [from, to] = [i * METADATA, i * METADATA + content.length];
      if (to <= at + OWNER_OFFSET || from >= at + MTIME_END) return stored;
      return encodeBlock(inodes.subarray(from, to));
    }),
  );

  const idListLength = 8 * Math.ceil(oldIds.length / METADATA);
  const newListLength = 8 * Math.ceil(newIds.length / METADATA);
  const moves: Move[] = [
    { from: start + idList, by: idRegion.length - (idList - idStart) },
    { from: start + idList + idListLength, by: newListLength - idListLength },
  ];
  const newIdStart = start + idStart;
  const moved = Buffer.concat([
    inodeRegion,
    tail.subarray(inodeEnd, idStart),
    idRegion,
    blockList(idRegion, { at: newIdStart, length: newListLength }),
    tail.subarray(idList + idListLength),
  ]);
  superblock.writeUInt16LE(ids.length, FIELD.ids);
  moveTables({ superblock, moved, start, moves });
  await file.write(moved, 0, moved.length, start);
  await file.truncate(start + moved.length);
  await file.truncate(Math.ceil((start + moved.length) / PADDING) * PADDING);
  await file.write(superblock, 0, SUPERBLOCK, 0);
}

/** The id table without what only the caller's own ids put at its end, and with the root's. */
function idsWithRoot(table: Buffer, { uid, gid, otherIds }: RootInode): number[] {
  const ids = Array.from({ length: table.length / 4 }, (_, i) => table.readUInt32LE(4 * i));
  while (ids.length > 0 && !otherIds.has(ids.at(-1)!)) ids.pop();
  for (const id of [uid, gid]) if (!ids.includes(id)) ids.push(id);
  return ids;
}

function idTable(ids: readonly number[]): Buffer {
  const table = Buffer.alloc(4 * ids.length);
  ids.forEach((id, i) => void table.writeUInt32LE(id, 4 * i));
  return table;
}

function contentOf(blocks: readonly MetadataBlock[]): Buffer {
  return Buffer.concat(blocks.map(({ content }) => content));
}

function encodeTable(content: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < content.length; at += METADATA) {
    blocks.push(encodeBlock(content.subarray(at, at + METADATA)));
  }
  return Buffer.concat(blocks);
}

/** The places of a table's blocks in the file, as the list behind them holds them. */
function blockList(region: Buffer, about: { at: number; length: number }): Buffer {
  const list = Buffer.alloc(about.length);
  for (let at = 0, i = 0; at < region.length; i++) {
    list.writeBigUInt64LE(BigInt(about.at + at), 8 * i);
    at += 2 + (region.readUInt16LE(at) & ~UNCOMPRESSED);
  }
  return list;
}

interface MetadataBlock {
  /** As it stands in the file, with its header. */
  stored: Buffer;
  content: Buffer;
}

/** The metadata blocks that a stretch of a table consists of; all but the last hold 8 KiB. */
function decodeBlocks(table: Buffer): MetadataBlock[] {
  const blocks: MetadataBlock[] = [];
  for (let at = 0; at < table.length; ) {
    const header = table.readUInt16LE(at);
    const length = header & ~UNCOMPRESSED;
    if ((header & UNCOMPRESSED) === 0) throw new Unreadable("a table is compressed");
    const stored = table.subarray(at, at + 2 + length);
    const content = Buffer.from(stored.subarray(2));
    if (blocks.length > 0 && blocks.at(-1)!.content.length !== METADATA)
      throw new RangeError("a short block");
    blocks.push({ stored, content });
    at += stored.length;
  }
  return blocks;
}

class Unreadable extends Error {}

function encodeBlock(block: Buffer): Buffer {
  const header = Buffer.alloc(2);
  header.writeUInt16LE(block.length | UNCOMPRESSED);
  return Buffer.concat([header, block]);
}

/** What stood at or behind `from`, a place in the file as it was, now stands `by` bytes further on. */
interface Move {
  from: number;
  by: number;
}

/** Corrects every absolute position: in the superblock, and in the lists that tables keep; but the ids' is new. */
function moveTables(about: {
  superblock: Buffer;
  /** The file from `start` on, as it will be. */
  moved: Buffer;
  start: number;
  moves: readonly Move[];
}): void {
  const { superblock, moved, start, moves } = about;
  const correct = (buffer: Buffer, at: number) => {
    const position = buffer.readBigUInt64LE(at);
    if (position === NONE) return;
    const by = moves.reduce((sum, move) => (position >= BigInt(move.from) ? sum + move.by : sum), 0);
    buffer.writeBigUInt64LE(position + BigInt(by), at);
  };
  for (const field of [FIELD.used, FIELD.id, FIELD.xattr, FIELD.directory, FIELD.fragment, FIELD.exported]) {
    correct(superblock, field);
  }
  const list = (field: number, bytes: number) => {
    const place = superblock.readBigUInt64LE(field);
    if (place === NONE) return;
    for (let i = 0; i < Math.ceil(bytes / METADATA); i++) correct(moved, Number(place) - start + 8 * i);
  };
  list(FIELD.fragment, superblock.readUInt32LE(FIELD.fragments) * 16);
  list(FIELD.exported, superblock.readUInt32LE(FIELD.inodes) * 8);
  const xattr = superblock.readBigUInt64LE(FIELD.xattr);
  if (xattr === NONE) return;
  // The xattr table begins with the place of its values and the number of its ids, 16 bytes each.
  const at = Number(xattr) - start;
  correct(moved, at);
  const ids = moved.readUInt32LE(at + 8);
  for (let i = 0; i < Math.ceil((ids * 16) / METADATA); i++) correct(moved, at + 16 + 8 * i);
}

function unreadable(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_SQUASHFS",
    kind: "tool",
    message: `Cannot set the root directory's owner and time in \`${path}\`: ${reason}`,
    hint: "This is what mksquashfs wrote; try another version of it.",
  });
}
