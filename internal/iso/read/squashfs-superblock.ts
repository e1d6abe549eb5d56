/** The squashfs superblock and the order of what it points to (Linux, Documentation/filesystems/squashfs.rst). */
import type { ByteSource } from "./byte-source.ts";
import { type Block, expectBytes, viewOf } from "./fields.ts";
import { Findings, type Reading } from "./findings.ts";

export interface SquashfsSuperblock {
  inodes: number;
  /** Seconds since 1970. */
  mkfsTime: number;
  blockSize: number;
  fragments: number;
  compressor: "gzip" | "lzma" | "lzo" | "xz" | "lz4" | "zstd";
  flags: number;
  ids: number;
  /** Bytes that the file system has, without padding. */
  bytesUsed: number;
  hasXattrs: boolean;
  hasExports: boolean;
}

const COMPRESSORS = [undefined, "gzip", "lzma", "lzo", "xz", "lz4", "zstd"] as const;
const SIZE = 96;
const NONE = 0xffffffffffffffffn;
const METADATA = 8192;
const CHUNK = 1024 * 1024;

interface Tables {
  inode: number;
  directory: number;
  fragment: number | undefined;
  exported: number | undefined;
  id: number;
  xattr: number | undefined;
}

/** Reads a squashfs that begins at the source's first byte. `base` is where that is in the whole ISO. */
export async function readSquashfs(
  source: ByteSource,
  options: { base?: number; name?: string } = {},
): Promise<Reading<SquashfsSuperblock | undefined>> {
  const findings = new Findings(options.base ?? 0);
  const name = options.name ?? "squashfs";
  const none = () => findings.reading<SquashfsSuperblock | undefined>(undefined);
  const note = (code: string, offset: number, detail: string) => {
    findings.note({ code, detail: `${name} ${detail}`, offset });
  };
  const bytes = await source.read(0, SIZE);
  if (bytes.length < SIZE) {
    note("squashfs-cut-off", 0, "ends within its superblock");
    return none();
  }
  const block: Block = { bytes, offset: 0, name: `superblock of ${name}` };
  const magic = [0x68, 0x73, 0x71, 0x73];
  if (!expectBytes(block, { at: 0, name: "magic", code: "squashfs-magic", bytes: magic, findings }))
    return none();
  expectBytes(block, { at: 28, name: "version", code: "squashfs-version", bytes: [4, 0, 0, 0], findings });
  const view = viewOf(bytes);
  const blockSize = view.getUint32(12, true);
  const blockLog = view.getUint16(22, true);
  findings.covers({ name: `${block.name}: block size`, offset: 12, length: 4 });
  findings.covers({ name: `${block.name}: block size's logarithm`, offset: 22, length: 2 });
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
  findings.covers({ name: `${block.name}: length`, offset: 40, length: 8 });
  if (superblock.bytesUsed > source.size) {
    note("squashfs-cut-off", 40, `has ${superblock.bytesUsed} bytes, but its file only ${source.size}`);
    return findings.reading<SquashfsSuperblock | undefined>(superblock);
  }
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
  findings.covers({ name: `${block.name}: places of its tables`, offset: 48, length: 48 });
  if (inode === undefined || directory === undefined || id === undefined) {
    note("squashfs-tables", 48, "lacks a table that every squashfs has");
    return findings.reading<SquashfsSuperblock | undefined>(superblock);
  }
  const whole: Tables = { ...tables, inode, directory, id, xattr: place(56) };
  const root = { block: Number(view.getBigUint64(32, true) >> 16n), at: view.getUint16(32, true) };
  await checkTables({ source, findings, name }, { superblock, tables: whole, root });
  return findings.reading<SquashfsSuperblock | undefined>(superblock);
}

interface About {
  source: ByteSource;
  findings: Findings;
  name: string;
}

/** Every table ends where the next begins: walking through them proves their places. */
async function checkTables(
  about: About,
  {
    superblock,
    tables,
    root,
  }: { superblock: SquashfsSuperblock; tables: Tables; root: { block: number; at: number } },
): Promise<void> {
  const { findings, name } = about;
  const wrong = (what: string, offset: number) => {
    findings.note({ code: "squashfs-tables", detail: `${name} has a wrong ${what}`, offset });
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
    const first = await readXattrTable(about, { start: tables.xattr, bytesUsed });
    if (first === undefined) return wrong("table of extended attributes", 56);
    end = first;
  }
  for (const { what, start, bytes, field } of indexed.reverse()) {
    if (start === undefined || (what === "fragment table" && bytes === 0)) {
      if (start !== undefined && start !== end) wrong(what, field);
      continue;
    }
    const pointers = Math.ceil(bytes / METADATA);
    if (start + pointers * 8 !== end || pointers === 0) return wrong(what, field);
    const first = await readPointer(about.source, start);
    if (first === undefined || first < SIZE || first >= start) return wrong(what, field);
    const walked = await walkMetadata(about.source, { start: first, end: start });
    if (walked === undefined) return wrong(what, field);
    end = first;
  }
  const directories = await walkMetadata(about.source, { start: tables.directory, end });
  if (directories === undefined) return wrong("directory table", 72);
  const inodes = await walkMetadata(about.source, { start: tables.inode, end: tables.directory });
  if (inodes === undefined || tables.inode < SIZE) return wrong("inode table", 64);
  findings.covers({ name: `superblock of ${name}: place of the root inode's block`, offset: 34, length: 6 });
  if (!inodes.has(tables.inode + root.block)) wrong("root inode", 32);
  if (root.at >= METADATA) wrong("root inode", 32);
}

/** The header behind the extended attributes: their place, their number, nothing, then pointers. */
async function readXattrTable(
  { source }: About,
  { start, bytesUsed }: { start: number; bytesUsed: number },
): Promise<number | undefined> {
  const header = await source.read(Math.min(start, bytesUsed), 16);
  if (header.length < 16) return undefined;
  const view = viewOf(header);
  const count = view.getUint32(8, true);
  const pointers = Math.ceil((count * 16) / METADATA);
  if (start + 16 + pointers * 8 !== bytesUsed) return undefined;
  const first = Number(view.getBigUint64(0, true));
  return first >= SIZE && first < start ? first : undefined;
}

async function readPointer(source: ByteSource, offset: number): Promise<number | undefined> {
  const bytes = await source.read(offset, 8);
  return bytes.length < 8 ? undefined : Number(viewOf(bytes).getBigUint64(0, true));
}

/** Steps from block to block by their headers; the blocks' places, or undefined when `end` is not met exactly. */
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
    const length = viewOf(window.bytes).getUint16(at - window.offset, true) & 0x7fff;
    if (length === 0 || length > METADATA) return undefined;
    blocks.add(at);
    at += 2 + length;
  }
  return at === end ? blocks : undefined;
}
