import { PlatterError } from "../base/error.ts";
import { type BytePath, displayPath } from "../bytes/byte-path.ts";
import type { Entry } from "../image/entry-walk.ts";
import type { EntryType } from "../image/image-tree.ts";
import { BLOCK, type TarHeader } from "./header.ts";

/** The end of an archive: two blocks of zeros. */
export const ARCHIVE_END: Uint8Array = new Uint8Array(2 * BLOCK);

const FLAGS: Readonly<Record<EntryType, string>> = {
  file: "0",
  symlink: "2",
  "character-device": "3",
  "block-device": "4",
  directory: "5",
  fifo: "6",
};

const MAX_TEXT = 100;
const MAX_ID = 0o7777777;
const MAX_SIZE = 0o77777777777;

/**
 * The header of an entry in POSIX.1-2001 form (pax(1)): a ustar block, and before it an extended header with the values
 * that do not fit. Owner names are left empty, since a reader would look them up on the build host, and so is the
 * prefix.
 * @throws PlatterError `E_XATTR_NAME`
 */
export function tarHeader(entry: Entry): Uint8Array {
  const path = entry.type === "directory" ? `${entry.path || "."}/` : entry.path;
  const link = entry.linkTo ?? entry.target ?? "";
  const records: Buffer[] = [];
  const number = (keyword: string, value: number, fits: boolean) => {
    if (!fits) records.push(record(keyword, Buffer.from(String(value))));
    return fits ? value : 0;
  };
  if (path.length > MAX_TEXT) records.push(record("path", Buffer.from(path, "latin1")));
  if (link.length > MAX_TEXT) records.push(record("linkpath", Buffer.from(link, "latin1")));
  const size = number("size", entry.size, entry.size <= MAX_SIZE);
  const uid = number("uid", entry.uid, entry.uid <= MAX_ID);
  const gid = number("gid", entry.gid, entry.gid <= MAX_ID);
  const mtimeFits = entry.mtime >= 0 && entry.mtime <= MAX_SIZE;
  // Some readers require the fraction.
  if (!mtimeFits) records.push(record("mtime", Buffer.from(`${entry.mtime}.0`)));
  const mtime = mtimeFits ? entry.mtime : 0;
  // A hard link's attributes are those of the entry that it links to.
  if (entry.xattrs !== undefined && entry.linkTo === undefined) {
    for (const name of [...entry.xattrs.keys()].sort()) {
      if (name.includes("=")) throw unwritableXattr(name, entry.path);
      records.push(record(`SCHILY.xattr.${name}`, entry.xattrs.get(name) as Uint8Array));
    }
  }
  const type = entry.linkTo === undefined ? FLAGS[entry.type] : "1";
  const fields = { mode: entry.mode, uid, gid, size, mtime, type, linkPath: link };
  const device = { devMajor: entry.devMajor ?? 0, devMinor: entry.devMinor ?? 0 };
  if (records.length === 0) {
    const block = Buffer.alloc(BLOCK);
    fill(block, { path, ...fields, ...device });
    return block;
  }
  const length = records.reduce((sum, each) => sum + each.length, 0);
  const extended = BLOCK + length + paddingOf(length);
  const blocks = Buffer.alloc(extended + BLOCK);
  fill(blocks.subarray(0, BLOCK), { ...EXTENDED, size: length });
  let at = BLOCK;
  for (const each of records) {
    each.copy(blocks, at);
    at += each.length;
  }
  fill(blocks.subarray(extended), { path, ...fields, ...device });
  return blocks;
}

/** Bytes between a content of `size` bytes and the next header. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

const EXTENDED: TarHeader = {
  path: "pax_header",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  type: "x",
  linkPath: "",
  devMajor: 0,
  devMinor: 0,
};

function fill(block: Buffer, fields: TarHeader): void {
  block.write(fields.path, 0, MAX_TEXT, "latin1");
  octal(block, 100, { value: fields.mode, digits: 7 });
  octal(block, 108, { value: fields.uid, digits: 7 });
  octal(block, 116, { value: fields.gid, digits: 7 });
  octal(block, 124, { value: fields.size, digits: 11 });
  octal(block, 136, { value: fields.mtime, digits: 11 });
  block.write("        ", 148, "latin1");
  block.write(fields.type, 156, "latin1");
  block.write(fields.linkPath, 157, MAX_TEXT, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(block, 329, { value: fields.devMajor, digits: 7 });
  octal(block, 337, { value: fields.devMinor, digits: 7 });
  let sum = 0;
  for (let at = 0; at < 345; at++) sum += block[at] as number;
  octal(block, 148, { value: sum, digits: 6 });
  block[154] = 0;
}

/** Writes a number with leading zeros, digit by digit. A string for each number would be most of a header's cost. */
function octal(block: Buffer, at: number, { value, digits }: { value: number; digits: number }): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    block[i] = 0x30 + (rest % 8);
    rest = Math.floor(rest / 8);
  }
}

/** `LENGTH KEYWORD=VALUE\n`, whose length includes its own digits. */
function record(keyword: string, value: Uint8Array): Buffer {
  const rest = 1 + keyword.length + 1 + value.length + 1;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length++;
  const bytes = Buffer.allocUnsafe(length);
  const at = bytes.write(`${length} ${keyword}=`, 0, "latin1");
  bytes.set(value, at);
  bytes[length - 1] = 0x0a;
  return bytes;
}

function unwritableXattr(name: string, path: BytePath): PlatterError {
  return new PlatterError({
    code: "E_XATTR_NAME",
    kind: "contract",
    message: `Cannot keep the extended attribute \`${name}\` of \`${displayPath(path)}\`: a tar archive for mkfs.erofs cannot have this name`,
    hint: "Remove the attribute in the image, or leave the file out with --exclude.",
  });
}
