import type { OnBytes } from "../base/progress.ts";
import { FileRegion } from "../files/file-region.ts";
import type { WalkOptions } from "../image/entry-walk.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { BlockLedger } from "./blocks/block-ledger.ts";
import { BlockPacker } from "./blocks/block-packer.ts";
import type { BlockReuse } from "./blocks/block-reuse.ts";
import { BlockWriter } from "./blocks/block-writer.ts";
import { type Codec, codecDigest, codecIdentity, codecOf, metadataBlock } from "./blocks/codec.ts";
import { encodeRecord } from "./blocks/codec-record.ts";
import type { CompressionOptions } from "./blocks/compression.ts";
import { Compressors } from "./blocks/compressors.ts";
import { FLAG, SUPERBLOCK_SIZE, superblock } from "./blocks/format.ts";
import { type WrittenContents, writeContents } from "./contents.ts";
import { lookupTable, type MetadataTable, placeList } from "./metadata.ts";
import { type TreeTables, treeTables } from "./tree-tables.ts";

/** A squashfs's length is a multiple of this, which loop devices need. */
const PADDING = 4096;

export interface SquashfsRun {
  walk: WalkOptions;
  /** Options with a compression that {@link codecOf} supports. */
  options: CompressionOptions;
  /** The file system's own time, in seconds since 1970. */
  time: number;
  signal: AbortSignal;
  /** Called with the bytes of content that were read so far, and with their total. */
  onBytes: OnBytes;
  /** Blocks of earlier squashfs files. It has no effect on the bytes. */
  reuse?: BlockReuse | undefined;
}

/** An open file and the byte offset at which the squashfs begins. */
export interface SquashfsTarget {
  fd: number;
  offset: number;
}

/**
 * Writes the tree as a squashfs 4.0 (Linux, Documentation/filesystems/squashfs.rst) into an open file: superblock, data
 * blocks and fragments, then the tables in the order in which Linux checks them. The record of the codec follows in the
 * padding. The file ends with the squashfs, even if it was longer before. The same tree with the same options has the same bytes at each offset. Returns the
 * squashfs's length in bytes, with its padding.
 * @throws PlatterError `E_FILE_CHANGED`, `E_TOO_MANY_OWNERS`, `E_INTERRUPTED`, errors of reading the image; errors of
 * the system
 */
export async function writeSquashfs(
  tree: ImageTree,
  target: SquashfsTarget,
  run: SquashfsRun,
): Promise<number> {
  const { walk, options, time, signal, onBytes } = run;
  const { blockSize } = options;
  const codec = codecOf(options);
  if (codec === undefined) throw new TypeError(`platter does not compress with ${options.compression}`);
  const region = new FileRegion(target.fd, target.offset);
  const file = new Appended(region, SUPERBLOCK_SIZE);
  if (codec.options !== undefined) file.add(metadataBlock(codec.options, undefined));
  using compressors = codec.pack === undefined ? undefined : new Compressors(options);
  const ledger = new BlockLedger(region, compressors === undefined ? undefined : run.reuse);
  const place = { region, position: file.end };
  const packer = new BlockPacker(compressors, { blockSize });
  const blocks = new BlockWriter(place, { packer, ledger, blockSize, signal });
  // Contents do not depend on attributes, which take time to compute.
  const content = { ...walk, attributes: undefined };
  const writing = writeContents(tree, content, {
    packer,
    writer: blocks,
    ledger,
    reuse: run.reuse,
    blockSize,
    onBytes,
  });
  const contents = await writing.finally(() => blocks.abandon());
  const tables = treeTables(tree, walk, { codec, blockSize, blocks, ...contents });
  file.end = blocks.position;
  const start = { time, blockSize, ...writeTables(file, tables, { codec, contents, blocks }) };
  region.write(superblock(start), 0);
  // Blocks that were taken back may have made the file longer. Cutting it at the end makes the padding zeros.
  region.truncate(file.end);
  // Only blocks of zstd are reused. The identity of gzip also depends on the host's processor.
  if (codec.compressor === "zstd") {
    file.add(encodeRecord({ codec: codecDigest(codecIdentity(options)), blocks: ledger.checksum }));
  }
  const length = Math.ceil(file.end / PADDING) * PADDING;
  region.truncate(length);
  return length;
}

/** Writes the tables after the data. The result has their offsets for the superblock. */
function writeTables(
  file: Appended,
  tables: TreeTables,
  written: { codec: Codec; contents: WrittenContents; blocks: BlockWriter },
) {
  const { codec, blocks } = written;
  const { fragments } = written.contents;
  const { ids, xattrs, places, root } = tables;
  const lookup = (content: Buffer) => {
    const { bytes, list } = lookupTable(content, { start: file.end, codec });
    file.add(bytes);
    return list;
  };
  const inodeTable = file.addTable(tables.inodes);
  const directoryTable = file.addTable(tables.directories);
  const fragmentTable = fragments.length === 0 ? undefined : lookup(fragmentList(fragments, blocks));
  const exportTable = lookup(placeList(places));
  const idTable = lookup(ids.content());
  const xattrTable = xattrs.count === 0 ? undefined : xattrs.finish(file.end);
  if (xattrTable !== undefined) file.add(xattrTable.bytes);
  let flags = codec.flags | FLAG.duplicatesShared | FLAG.exportable;
  if (xattrTable === undefined) flags |= FLAG.noXattrs;
  if (codec.options !== undefined) flags |= FLAG.compressorOptions;
  return {
    inodes: places.length,
    fragments: fragments.length,
    compressor: codec.compressor,
    flags,
    ids: ids.count,
    root,
    bytesUsed: file.end,
    idTable,
    xattrTable: xattrTable?.header,
    inodeTable,
    directoryTable,
    fragmentTable,
    exportTable,
  };
}

/** A region that grows at its end. */
class Appended {
  readonly #region: FileRegion;
  /** The region's length in bytes. */
  end: number;

  constructor(region: FileRegion, end: number) {
    this.#region = region;
    this.end = end;
  }

  add(bytes: Uint8Array): void {
    this.#region.write(bytes, this.end);
    this.end += bytes.length;
  }

  /** Adds a table, and returns its offset. */
  addTable(table: MetadataTable): number {
    const start = this.end;
    for (const block of table.finish()) this.add(block);
    return start;
  }
}

/** Offset and length of each fragment's block; the last four bytes of an entry are not used. */
function fragmentList(fragments: readonly number[], blocks: BlockWriter): Buffer {
  const list = Buffer.alloc(16 * fragments.length);
  for (const [i, block] of fragments.entries()) {
    list.writeBigUInt64LE(BigInt(blocks.placeOf(block)), 16 * i);
    list.writeUInt32LE(blocks.lengthOf(block), 16 * i + 8);
  }
  return list;
}
