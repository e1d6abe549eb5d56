/** The blocks of a squashfs that platter may have written, found by its tables (squashfs.rst). */
import type { ByteSource } from "../files/byte-source.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import { type CodecOptions, codecOf, ZSTD_LEVEL } from "../squashfs/blocks/codec.ts";
import { FLAG, METADATA_SIZE, STORED_BLOCK, SUPERBLOCK_SIZE } from "../squashfs/blocks/format.ts";
import { readSquashfs } from "../verify/squashfs-superblock.ts";
import type { WantedBlock } from "./digest-request.ts";
import { type BlockPlace, blocksOfInodes, type FragmentPart } from "./inode-blocks.ts";
import { metadataContent } from "./metadata.ts";

/** Bytes of tables that are read: more than those of two million files. */
const MOST_TABLES = 128 * 1024 * 1024;
/** Number of compressed blocks that are compressed again and compared. The same number of other blocks is checked. */
const CHECKED = 32;

/** The options with which a squashfs must have been written. */
export type Wanted = CodecOptions & { blockSize: number };

/**
 * The data blocks and fragments of a squashfs in the order of their offsets, which count from the squashfs's first byte.
 * Some of them are to be checked. A string is the reason why the blocks cannot be used.
 */
export async function blocksOfSquashfs(source: ByteSource, wanted: Wanted): Promise<WantedBlock[] | string> {
  const { value: superblock, problems } = await readSquashfs(source);
  const [problem] = problems;
  if (problem !== undefined) return problem.detail;
  if (superblock?.compressor !== codecOf(wanted)?.compressor) return "it has another compression";
  if (superblock?.blockSize !== wanted.blockSize) return "it has blocks of another size";
  const head = Buffer.from(await source.read(0, SUPERBLOCK_SIZE + 6));
  const level = (superblock.flags & FLAG.compressorOptions) === 0 ? ZSTD_LEVEL : levelIn(head);
  if (level !== (wanted.level ?? ZSTD_LEVEL)) return "it has another level of compression";
  try {
    return await readBlocks(source, { head, wanted, fragments: superblock.fragments });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `its tables are damaged (${error.message})`;
  }
}

/** The level in the compressor's options, which are a metadata block after the superblock. */
function levelIn(head: Buffer): number | undefined {
  return head.readUInt16LE(SUPERBLOCK_SIZE) === (0x8000 | 4)
    ? head.readInt32LE(SUPERBLOCK_SIZE + 2)
    : undefined;
}

async function readBlocks(
  source: ByteSource,
  { head, wanted, fragments: count }: { head: Buffer; wanted: Wanted; fragments: number },
): Promise<WantedBlock[]> {
  const [inodes, directories] = [Number(head.readBigUInt64LE(64)), Number(head.readBigUInt64LE(72))];
  const table = metadataContent(await readTable(source, inodes, directories));
  const { blocks, fragments } = blocksOfInodes(table, { blockSize: wanted.blockSize, fragments: count });
  const places = await fragmentPlaces(source, { list: Number(head.readBigUInt64LE(80)), count });
  const found: Omit<WantedBlock, "check">[] = [...blocks.values()].map(withoutParts);
  for (const [number, parts] of fragments) {
    const place = places[number];
    const lengths = place && lengthsOf(parts, wanted.blockSize);
    if (lengths !== undefined) found.push({ ...place!, size: sum(lengths), parts: lengths });
  }
  const sizeLimit = wanted.blockSize;
  const usable = found.filter((block) => storedLength(block) <= sizeLimit && block.size <= sizeLimit);
  usable.sort((a, b) => a.offset - b.offset);
  requireApart(usable);
  const checked = new Set(blocksToCheck(usable));
  return usable.map((block) => ({ ...block, check: checked.has(block) }));
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

/**
 * Some of the compressed blocks, of all lengths, and some of the others. A block that is not compressed, or a short one,
 * may be the same with every version of zstd.
 */
export function blocksToCheck<B extends BlockPlace>(blocks: readonly B[]): B[] {
  const bySize = blocks.toSorted((a, b) => b.size - a.size);
  const isStored = ({ length }: B) => (length & STORED_BLOCK) !== 0;
  return [bySize.filter((block) => !isStored(block)), bySize.filter(isStored)].flatMap((some) => {
    const step = Math.max(1, some.length / CHECKED);
    return some.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
  });
}

function withoutParts({ offset, length, size }: BlockPlace): Omit<WantedBlock, "check"> {
  return { offset, length, size, parts: undefined };
}

async function readTable(source: ByteSource, start: number, end: number): Promise<Buffer> {
  if (end - start > MOST_TABLES) throw new RangeError("a table is too large");
  return Buffer.from(await source.read(start, end - start));
}

/** The entries of the fragment table (squashfs.rst, "Fragment table"). */
async function fragmentPlaces(
  source: ByteSource,
  { list, count }: { list: number; count: number },
): Promise<{ offset: number; length: number }[]> {
  if (count === 0) return [];
  const pointers = await readTable(source, list, list + 8 * Math.ceil((16 * count) / METADATA_SIZE));
  const entries = metadataContent(await readTable(source, Number(pointers.readBigUInt64LE(0)), list));
  return Array.from({ length: count }, (_, i) => ({
    offset: Number(entries.readBigUInt64LE(16 * i)),
    length: entries.readUInt32LE(16 * i + 8),
  }));
}

/** The lengths of the files in a fragment, in their order; undefined if there are bytes of no file between them. */
function lengthsOf(parts: readonly FragmentPart[], blockSize: number): number[] | undefined {
  const lengths: number[] = [];
  let end = 0;
  for (const { offset, size } of parts.toSorted((a, b) => a.offset - b.offset)) {
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
