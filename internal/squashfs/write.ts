import { closeSync, ftruncateSync, openSync } from "node:fs";
import { writeAtOnce } from "../chunk.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { WalkOptions } from "../squash/entry-walk.ts";
import type { RootfsOptions } from "../squash/rootfs-options.ts";
import type { OnBytes } from "../squash/rootfs-writer.ts";
import { BlockWriter } from "./block-writer.ts";
import { type Codec, codecOf, metadataBlock } from "./codec.ts";
import { Compressors } from "./compressors.ts";
import { type WrittenContents, writeContents } from "./contents.ts";
import { FLAG, SUPERBLOCK_SIZE, superblock } from "./format.ts";
import { lookupTable, type MetadataTable, placeList } from "./metadata.ts";
import { type TreeTables, treeTables } from "./tree-tables.ts";

/** The file's length is a multiple of this, which loop devices need. */
const PADDING = 4096;

export interface SquashfsRun {
  walk: WalkOptions;
  /** With a compression that {@link codecOf} has. */
  options: RootfsOptions;
  /** The file system's own time, in seconds since 1970. */
  time: number;
  signal: AbortSignal;
  /** Called with the bytes of content that were taken so far, and those of all. */
  onBytes: OnBytes;
}

/**
 * Writes the tree as a squashfs 4.0 (Linux, Documentation/filesystems/squashfs.rst) into a file that is not there yet:
 * superblock, data blocks and fragments, then the tables in the order in which Linux checks them. The same tree with the
 * same options has the same bytes.
 * @throws PlatterError `E_FILE_CHANGED`, `E_TOO_MANY_OWNERS`, `E_INTERRUPTED`, what reading the image throws; errors of the system
 */
export async function writeSquashfs(tree: ImageTree, output: string, run: SquashfsRun): Promise<void> {
  const { walk, options, time, signal, onBytes } = run;
  const { blockSize } = options;
  const codec = codecOf(options);
  if (codec === undefined) throw new TypeError(`platter does not compress with ${options.compression}`);
  const fd = openSync(output, "wx", 0o644);
  try {
    const file = new Appended(fd, SUPERBLOCK_SIZE);
    if (codec.options !== undefined) file.add(metadataBlock(codec.options, undefined));
    using compressors = codec.pack === undefined ? undefined : new Compressors(options);
    const blocks = new BlockWriter({ fd, position: file.end }, { compressors, blockSize, signal });
    const contents = await writeContents(tree, walk, { writer: blocks, blockSize, onBytes }).finally(() =>
      blocks.abandon(),
    );
    const tables = treeTables(tree, walk, { codec, blockSize, blocks, ...contents });
    file.end = blocks.position;
    const start = { time, blockSize, ...writeTables(file, tables, { codec, contents, blocks }) };
    writeAtOnce(fd, superblock(start), 0);
    // What was taken back may have been longer.
    ftruncateSync(fd, file.end);
    ftruncateSync(fd, Math.ceil(file.end / PADDING) * PADDING);
  } finally {
    closeSync(fd);
  }
}

/** Writes the tables behind the data; the result is what the superblock says of them. */
function writeTables(
  file: Appended,
  tables: TreeTables,
  about: { codec: Codec; contents: WrittenContents; blocks: BlockWriter },
) {
  const { codec, blocks } = about;
  const { fragments } = about.contents;
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

/** A file that grows at its end. */
class Appended {
  readonly #fd: number;
  /** In bytes. */
  end: number;

  constructor(fd: number, end: number) {
    this.#fd = fd;
    this.end = end;
  }

  add(bytes: Uint8Array): void {
    writeAtOnce(this.#fd, bytes, this.end);
    this.end += bytes.length;
  }

  /** Adds a table; the result is where it begins. */
  addTable(table: MetadataTable): number {
    const start = this.end;
    for (const block of table.finish()) this.add(block);
    return start;
  }
}

/** Place and length of each fragment's block; the last four bytes of an entry are not used. */
function fragmentList(fragments: readonly number[], blocks: BlockWriter): Buffer {
  const list = Buffer.alloc(16 * fragments.length);
  for (const [i, block] of fragments.entries()) {
    list.writeBigUInt64LE(BigInt(blocks.placeOf(block)), 16 * i);
    list.writeUInt32LE(blocks.lengthOf(block), 16 * i + 8);
  }
  return list;
}
