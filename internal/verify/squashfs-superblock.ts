/** The squashfs superblock and the order of the tables (Linux, Documentation/filesystems/squashfs.rst). */

import { type Block, expectBytes, viewOf } from "../bytes/fields.ts";
import type { ProblemCode } from "../bytes/problem-codes.ts";
import { ProblemLog, type Reading } from "../bytes/problem-log.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { decodeRecord, RECORD_MAGIC, RECORD_SIZE } from "../squashfs/blocks/codec-record.ts";
import { NONE, SUPERBLOCK_SIZE } from "../squashfs/blocks/format.ts";
import type { SquashfsSuperblock, SquashfsTables } from "./squashfs-facts.ts";
import { sampleLabels } from "./squashfs-labels.ts";
import { checkTables } from "./squashfs-tables.ts";

const COMPRESSORS = [undefined, "gzip", "lzma", "lzo", "xz", "lz4", "zstd"] as const;

/** Reads a squashfs that begins at the source's first byte. `base` is the offset of that byte in the whole ISO. */
export async function readSquashfs(
  source: ByteSource,
  options: { base?: number; name?: string } = {},
): Promise<Reading<SquashfsSuperblock | undefined>> {
  const log = new ProblemLog(options.base ?? 0);
  const name = options.name ?? "squashfs";
  const none = () => log.reading<SquashfsSuperblock | undefined>(undefined);
  const note = (code: ProblemCode, offset: number, detail: string) => {
    log.note({ code, detail: `${name} ${detail}`, offset });
  };
  const bytes = await source.read(0, SUPERBLOCK_SIZE);
  if (bytes.length < SUPERBLOCK_SIZE) {
    note("squashfs-cut-off", 0, "ends within its superblock");
    return none();
  }
  const block: Block = { bytes, offset: 0, name: `superblock of ${name}` };
  const magic = [0x68, 0x73, 0x71, 0x73];
  if (!expectBytes(block, { at: 0, name: "magic", code: "squashfs-magic", bytes: magic, log })) return none();
  expectBytes(block, { at: 28, name: "version", code: "squashfs-version", bytes: [4, 0, 0, 0], log });
  const view = viewOf(bytes);
  const blockSize = view.getUint32(12, true);
  const blockLog = view.getUint16(22, true);
  log.covers({ name: `${block.name}: block size`, start: 12, length: 4 });
  log.covers({ name: `${block.name}: block size's logarithm`, start: 22, length: 2 });
  if (blockLog < 12 || blockLog > 20 || blockSize !== 2 ** blockLog) {
    note("squashfs-block-size", 12, `has blocks of ${blockSize} bytes and a logarithm of ${blockLog}`);
  }
  const compressor = COMPRESSORS[view.getUint16(20, true)];
  if (compressor === undefined) {
    note("squashfs-compressor", 20, "has an unknown compressor");
    return none();
  }
  const superblock: SquashfsSuperblock = {
    inodes: view.getUint32(4, true),
    mkfsTime: view.getUint32(8, true),
    blockSize,
    fragments: view.getUint32(16, true),
    compressor,
    flags: view.getUint16(24, true),
    ids: view.getUint16(26, true),
    bytesUsed: Number(view.getBigUint64(40, true)),
    hasXattrs: view.getBigUint64(56, true) !== NONE,
    hasExports: view.getBigUint64(88, true) !== NONE,
  };
  log.covers({ name: `${block.name}: length`, start: 40, length: 8 });
  if (superblock.bytesUsed > source.size) {
    note("squashfs-cut-off", 40, `has ${superblock.bytesUsed} bytes, but its file only ${source.size}`);
    return log.reading<SquashfsSuperblock | undefined>(superblock);
  }
  const record = decodeRecord(Buffer.from(await source.read(superblock.bytesUsed, RECORD_SIZE)));
  if (record !== undefined) {
    const start = superblock.bytesUsed + RECORD_MAGIC;
    log.covers({ name: `record of the compressor after ${name}`, start, length: RECORD_SIZE - RECORD_MAGIC });
  }
  if (record === "damaged")
    note("squashfs-record", superblock.bytesUsed, "has a damaged record of its compressor");
  else superblock.record = record;
  const place = (at: number) => {
    const value = view.getBigUint64(at, true);
    return value === NONE ? undefined : Number(value);
  };
  const tables = {
    inode: place(64),
    directory: place(72),
    fragment: place(80),
    exported: place(88),
    id: place(48),
  };
  const { inode, directory, id } = tables;
  log.covers({ name: `${block.name}: places of its tables`, start: 48, length: 48 });
  if (inode === undefined || directory === undefined || id === undefined) {
    note("squashfs-tables", 48, "lacks a table that every squashfs has");
    return log.reading<SquashfsSuperblock | undefined>(superblock);
  }
  const whole: SquashfsTables = { ...tables, inode, directory, id, xattr: place(56) };
  const root = { block: Number(view.getBigUint64(32, true) >> 16n), at: view.getUint16(32, true) };
  const before = log.problems.length;
  await checkTables({ source, log, name }, { superblock, tables: whole, root });
  if (log.problems.length === before) {
    Object.assign(superblock, { tables: whole, root });
    superblock.labels = await sampleLabels(source, { superblock, tables: whole, root, log, name });
  }
  return log.reading<SquashfsSuperblock | undefined>(superblock);
}
