/** The tables of a squashfs that platter may have written (squashfs.rst). */
import type { ByteSource } from "../files/byte-source.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { type CodecOptions, codecDigest, codecIdentity, codecOf } from "../squashfs/blocks/codec.ts";
import { METADATA_SIZE, type Reference } from "../squashfs/blocks/format.ts";
import type { SquashfsTables } from "../verify/squashfs-facts.ts";
import type { Decompress } from "../verify/squashfs-metadata.ts";
import { readSquashfs } from "../verify/squashfs-superblock.ts";
import { blocksOfInodes } from "./inode-blocks.ts";
import { Metadata, readTable } from "./metadata.ts";

/** Most fragments of a squashfs. */
const MOST_FRAGMENTS = 2 ** 18;

/** The options with which a squashfs must have been written. */
export type Wanted = CodecOptions & { blockSize: number };

/** A stored block: its byte offset in the squashfs, and its length in the form of an inode. */
export interface StoredPlace {
  offset: number;
  length: number;
}

export interface EarlierTables {
  inodes: Metadata;
  directories: Metadata;
  root: Reference;
  fragments: readonly StoredPlace[];
  /** All data blocks and fragments in the order of their offsets. */
  blocks: readonly StoredPlace[];
  /** The checksum of all blocks, as the record of the codec has it. */
  checksum: bigint;
}

/** Reads the tables of a squashfs. A string is the reason why its blocks cannot be used. */
export async function readEarlierTables(source: ByteSource, wanted: Wanted): Promise<EarlierTables | string> {
  const { value: superblock, problems } = await readSquashfs(source);
  const [problem] = problems;
  if (problem !== undefined) return problem.detail;
  if (superblock?.compressor !== codecOf(wanted)?.compressor) return "it has another compression";
  if (superblock?.blockSize !== wanted.blockSize) return "it has blocks of another size";
  const { record, tables, root, fragments: count } = superblock;
  if (record === undefined) return "it does not say which compressor made its blocks";
  if (Buffer.compare(record.codec, codecDigest(codecIdentity(wanted))) !== 0) {
    return "another level or version of zstd made its blocks";
  }
  if (tables === undefined || root === undefined) return "its tables are damaged";
  try {
    return { ...(await readTables(source, { wanted, tables, count })), root, checksum: record.blocks };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `its tables are damaged (${error.message})`;
  }
}

async function readTables(
  source: ByteSource,
  { wanted, tables, count }: { wanted: Wanted; tables: SquashfsTables; count: number },
): Promise<Omit<EarlierTables, "root" | "checksum">> {
  const { blockSize } = wanted;
  const inodes = await Metadata.read(source, { start: tables.inode, end: tables.directory });
  const list = tables.fragment ?? 0;
  const fragments = await fragmentPlaces(source, { list, count });
  const end = await firstBlock(source, count > 0 ? list : (tables.exported ?? tables.id));
  const directories = await Metadata.read(source, { start: tables.directory, end });
  const named = blocksOfInodes(inodes.content, { blockSize, bytes: source.size });
  const blocks = [...named.values(), ...fragments];
  if (blocks.some((block) => storedLength(block) > blockSize)) throw new RangeError("a block is too long");
  blocks.sort((a, b) => a.offset - b.offset);
  requireApart(blocks);
  return { inodes, directories, fragments, blocks };
}

/** Requires that blocks, in the order of their offsets, do not overlap. @throws RangeError */
export function requireApart(blocks: readonly StoredPlace[]): void {
  let end = 0;
  for (const { offset, length } of blocks) {
    if (offset < end) throw new RangeError("blocks overlap");
    end = offset + storedLength({ length });
  }
}

/** Byte offset of a table's first block, which its list of blocks begins with. */
export async function firstBlock(source: ByteSource, list: number): Promise<number> {
  return Number(Buffer.from(await source.read(list, 8)).readBigUInt64LE(0));
}

/** The entries of the fragment table (squashfs.rst, "Fragment table"). @throws RangeError if there are too many */
export async function fragmentPlaces(
  source: ByteSource,
  { list, count, decompress }: { list: number; count: number; decompress?: Decompress | undefined },
): Promise<StoredPlace[]> {
  if (count === 0) return [];
  if (count > MOST_FRAGMENTS) throw new RangeError("there are too many fragments");
  const pointers = await readTable(source, list, list + 8 * Math.ceil((16 * count) / METADATA_SIZE));
  const start = Number(pointers.readBigUInt64LE(0));
  const { content: entries } = await Metadata.read(source, { start, end: list, decompress });
  return Array.from({ length: count }, (_, i) => ({
    offset: Number(entries.readBigUInt64LE(16 * i)),
    length: entries.readUInt32LE(16 * i + 8),
  }));
}
