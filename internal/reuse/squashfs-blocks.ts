/** The blocks of a squashfs that platter may have written, found by its tables (squashfs.rst). */
import type { ByteSource } from "../files/byte-source.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { type CodecOptions, codecDigest, codecIdentity, codecOf } from "../squashfs/blocks/codec.ts";
import { METADATA_SIZE } from "../squashfs/blocks/format.ts";
import type { SquashfsTables } from "../verify/squashfs-facts.ts";
import type { Decompress } from "../verify/squashfs-metadata.ts";
import { readSquashfs } from "../verify/squashfs-superblock.ts";
import type { WantedBlock } from "./digest-request.ts";
import { type BlockPlace, blocksOfInodes, PART_UNIT } from "./inode-blocks.ts";
import { Metadata, readTable } from "./metadata.ts";

/** Most fragments of a squashfs. */
const MOST_FRAGMENTS = 2 ** 18;

/** The options with which a squashfs must have been written. */
export type Wanted = CodecOptions & { blockSize: number };

export interface FoundBlocks {
  /** In the order of their offsets, which count from the squashfs's first byte. */
  blocks: WantedBlock[];
  /** The checksum of all blocks. */
  checksum: bigint;
}

/** The data blocks and fragments of a squashfs. A string is the reason why they cannot be used. */
export async function blocksOfSquashfs(source: ByteSource, wanted: Wanted): Promise<FoundBlocks | string> {
  const { value: superblock, problems } = await readSquashfs(source);
  const [problem] = problems;
  if (problem !== undefined) return problem.detail;
  if (superblock?.compressor !== codecOf(wanted)?.compressor) return "it has another compression";
  if (superblock?.blockSize !== wanted.blockSize) return "it has blocks of another size";
  const { record, tables, fragments: count } = superblock;
  if (record === undefined) return "it does not say which compressor made its blocks";
  if (Buffer.compare(record.codec, codecDigest(codecIdentity(wanted))) !== 0) {
    return "another level or version of zstd made its blocks";
  }
  if (tables === undefined) return "its tables are damaged";
  try {
    return { blocks: await readBlocks(source, { wanted, tables, count }), checksum: record.blocks };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `its tables are damaged (${error.message})`;
  }
}

async function readBlocks(
  source: ByteSource,
  { wanted, tables, count }: { wanted: Wanted; tables: SquashfsTables; count: number },
): Promise<WantedBlock[]> {
  const { blockSize } = wanted;
  const { content } = await Metadata.read(source, { start: tables.inode, end: tables.directory });
  const { blocks, fragments } = blocksOfInodes(content, { blockSize, fragments: count, bytes: source.size });
  const places = await fragmentPlaces(source, { list: tables.fragment ?? 0, count });
  const found: WantedBlock[] = [...blocks.values()].map(withoutParts);
  for (const [number, parts] of fragments) {
    const place = places[number];
    const lengths = place && lengthsOf(parts, blockSize);
    if (lengths !== undefined) found.push({ ...place!, size: sum(lengths), parts: lengths });
  }
  const usable = found.filter((block) => storedLength(block) <= blockSize && block.size <= blockSize);
  usable.sort((a, b) => a.offset - b.offset);
  requireApart(usable);
  return usable;
}

/**
 * Requires that blocks, in the order of their offsets, do not overlap: otherwise a small file could have any number of bytes.
 * @throws RangeError
 */
export function requireApart(blocks: readonly BlockPlace[]): void {
  let end = 0;
  for (const { offset, length } of blocks) {
    if (offset < end) throw new RangeError("blocks overlap");
    end = offset + storedLength({ length });
  }
}

function withoutParts({ offset, length, size }: BlockPlace): WantedBlock {
  return { offset, length, size, parts: undefined };
}

/** The entries of the fragment table (squashfs.rst, "Fragment table"). @throws RangeError if there are too many */
export async function fragmentPlaces(
  source: ByteSource,
  { list, count, decompress }: { list: number; count: number; decompress?: Decompress | undefined },
): Promise<{ offset: number; length: number }[]> {
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

/** The lengths of the files in a fragment, in their order; undefined if there are bytes of no file between them. */
function lengthsOf(parts: readonly number[], blockSize: number): number[] | undefined {
  const lengths: number[] = [];
  let end = 0;
  for (const part of Float64Array.from(parts).sort()) {
    const [offset, size] = [Math.floor(part / PART_UNIT), part % PART_UNIT];
    // Several files may have the same content.
    if (offset + size === end && lengths.at(-1) === size) continue;
    if (offset !== end || end + size > blockSize) return undefined;
    lengths.push(size);
    end += size;
  }
  return lengths;
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0);
}
