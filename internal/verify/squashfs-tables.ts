/** Checks the positions of a squashfs's tables by walking through them (squashfs.rst, "Metadata"). */

import { viewOf } from "../bytes/fields.ts";
import type { ProblemLog } from "../bytes/problem-log.ts";
import type { ByteSource } from "../files/byte-source.ts";
import {
  METADATA_SIZE,
  type Reference,
  STORED_METADATA,
  SUPERBLOCK_SIZE,
} from "../squashfs/blocks/format.ts";
import type { SquashfsSuperblock, SquashfsTables } from "./squashfs-facts.ts";

const CHUNK = 1024 * 1024;
/** 16 GiB of inodes or names, more than any image has. */
const MAX_BLOCKS = 2_000_000;

interface TableOptions {
  source: ByteSource;
  log: ProblemLog;
  name: string;
}

/** Every table ends at the start of the next, so a walk through all of them proves their positions. */
export async function checkTables(
  options: TableOptions,
  { superblock, tables, root }: { superblock: SquashfsSuperblock; tables: SquashfsTables; root: Reference },
): Promise<void> {
  const { log, name } = options;
  const wrong = (what: string, offset: number) => {
    log.note({ code: "squashfs-tables", detail: `${name} has a wrong ${what}`, offset });
  };
  const { bytesUsed } = superblock;
  const indexed = [
    { what: "fragment table", start: tables.fragment, bytes: superblock.fragments * 16, field: 80 },
    { what: "export table", start: tables.exported, bytes: superblock.inodes * 8, field: 88 },
    { what: "id table", start: tables.id, bytes: superblock.ids * 4, field: 48 },
  ];
  if (tables.fragment === undefined && superblock.fragments > 0) wrong("fragment table", 80);
  let end = bytesUsed;
  if (tables.xattr !== undefined) {
    const first = await readXattrTable(options, { start: tables.xattr, bytesUsed });
    if (first === undefined) return wrong("table of extended attributes", 56);
    end = first;
  }
  for (const { what, start, bytes, field } of indexed.reverse()) {
    if (start === undefined || (what === "fragment table" && bytes === 0)) {
      if (start !== undefined && start !== end) wrong(what, field);
      continue;
    }
    const pointers = Math.ceil(bytes / METADATA_SIZE);
    if (start + pointers * 8 !== end || pointers === 0) return wrong(what, field);
    const first = await readPointer(options.source, start);
    if (first === undefined || first < SUPERBLOCK_SIZE || first >= start) return wrong(what, field);
    const walked = await walkMetadata(options.source, { start: first, end: start });
    if (walked === undefined) return wrong(what, field);
    end = first;
  }
  const directories = await walkMetadata(options.source, { start: tables.directory, end });
  if (directories === undefined) return wrong("directory table", 72);
  const inodes = await walkMetadata(options.source, { start: tables.inode, end: tables.directory });
  if (inodes === undefined || tables.inode < SUPERBLOCK_SIZE) return wrong("inode table", 64);
  log.covers({ name: `superblock of ${name}: place of the root inode's block`, start: 34, length: 6 });
  if (!inodes.has(tables.inode + root.block)) wrong("root inode", 32);
  if (root.at >= METADATA_SIZE) wrong("root inode", 32);
}

/** The header after the extended attributes: their offset, their number, an unused field, and pointers. */
async function readXattrTable(
  { source }: TableOptions,
  { start, bytesUsed }: { start: number; bytesUsed: number },
): Promise<number | undefined> {
  const header = await source.read(Math.min(start, bytesUsed), 16);
  if (header.length < 16) return undefined;
  const view = viewOf(header);
  const count = view.getUint32(8, true);
  const pointers = Math.ceil((count * 16) / METADATA_SIZE);
  if (start + 16 + pointers * 8 !== bytesUsed) return undefined;
  const first = Number(view.getBigUint64(0, true));
  return first >= SUPERBLOCK_SIZE && first < start ? first : undefined;
}

async function readPointer(source: ByteSource, offset: number): Promise<number | undefined> {
  const bytes = await source.read(offset, 8);
  return bytes.length < 8 ? undefined : Number(viewOf(bytes).getBigUint64(0, true));
}

/**
 * Steps from block to block by their headers; the offsets of the blocks, or undefined if the last block does not end at
 * `end`.
 */
async function walkMetadata(
  source: ByteSource,
  { start, end }: { start: number; end: number },
): Promise<Set<number> | undefined> {
  const blocks = new Set<number>();
  if (start > end || end > source.size) return undefined;
  let window = { offset: 0, bytes: new Uint8Array() };
  let at = start;
  while (at < end) {
    if (at < window.offset || at + 2 > window.offset + window.bytes.length) {
      window = { offset: at, bytes: Uint8Array.from(await source.read(at, Math.min(CHUNK, end - at))) };
      if (window.bytes.length < 2) return undefined;
    }
    const length = viewOf(window.bytes).getUint16(at - window.offset, true) & (STORED_METADATA - 1);
    if (length === 0 || length > METADATA_SIZE || blocks.size >= MAX_BLOCKS) return undefined;
    blocks.add(at);
    at += 2 + length;
  }
  return at === end ? blocks : undefined;
}
