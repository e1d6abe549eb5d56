/**
 * What a file system holds, seen with other eyes than platter's: `find` for names, types, owners and times, the C library
 * for attributes. Keys are paths with one character a byte, the root is "".
 */

import { CString, dlopen, FFIType, ptr } from "bun:ffi";
import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { storedXattrs } from "../../../internal/image/entry-walk.ts";
import { type ImageTree, type Inode, pathOf, type TreeNode } from "../../../internal/image/image-tree.ts";

export interface Listed {
  type: string;
  mode: string;
  owner: string;
  mtime: number;
  target: string;
  device: string;
  /** SHA-256 of a file's content. */
  content: string;
  /** First of the names of the same inode; "" if there is one only. */
  links: string;
  xattrs: Record<string, string>;
}

export type Listing = Record<string, Listed>;

const libc = dlopen("libc.so.6", {
  llistxattr: { args: [FFIType.ptr, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
  lgetxattr: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64], returns: FFIType.i64 },
  lsetxattr: {
    args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64, FFIType.i32],
    returns: FFIType.i32,
  },
}).symbols;

const cString = (text: string | Buffer) =>
  Buffer.concat([Buffer.from(text as string, "latin1"), Buffer.alloc(1)]);

export function setXattr(path: string, name: string, value: Uint8Array): void {
  const bytes = Buffer.concat([value, Buffer.alloc(1)]);
  if (libc.lsetxattr(ptr(cString(path)), ptr(cString(name)), ptr(bytes), value.length, 0) !== 0) {
    throw new Error(`cannot set ${name} of ${path}`);
  }
}

function xattrsOf(path: Buffer): Record<string, string> {
  const names = Buffer.alloc(65_536);
  const where = Buffer.concat([path, Buffer.alloc(1)]);
  const length = Number(libc.llistxattr(ptr(where), ptr(names), names.length));
  const found: Record<string, string> = {};
  for (let at = 0; at < length; at = names.indexOf(0, at) + 1) {
    const name = new CString(ptr(names, at)).toString();
    const value = Buffer.alloc(65_536);
    const size = Number(libc.lgetxattr(ptr(where), ptr(names, at), ptr(value), value.length));
    // overlayfs's own notes, which vfs shows, and ACLs, which squashfs does not have.
    if (/^(trusted|user)\.overlay\.|^system\./.test(name)) continue;
    found[name] = value.toString("hex", 0, size);
  }
  return sortedRecord(found);
}

export function sortedRecord(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const TYPES: Record<string, string> = {
  f: "file",
  d: "directory",
  l: "symlink",
  c: "character-device",
  b: "block-device",
  p: "fifo",
};

export function listDirectory(root: string): Listing {
  const format = "%P\\0%y\\0%m\\0%U:%G\\0%T@\\0%i\\0%n\\0%l\\0";
  const found = Bun.spawnSync(["find", root, "-printf", format], { env: { ...process.env, LC_ALL: "C" } });
  if (found.exitCode !== 0) throw new Error(found.stderr.toString());
  const fields = found.stdout.toString("latin1").split("\0");
  const first = new Map<string, string>();
  const entries: (readonly [string, Listed])[] = [];
  const rows: string[][] = [];
  for (let i = 0; i + 7 < fields.length; i += 8) rows.push(fields.slice(i, i + 8));
  rows.sort((a, b) => comparePaths(a[0] as string, b[0] as string));
  for (const [path, type, mode, owner, time, inode, count, target] of rows as [string, ...string[]][]) {
    const host = Buffer.from(path === "" ? root : `${root}/${path}`, "latin1");
    const linked = type !== "d" && count !== "1";
    if (linked && !first.has(inode as string)) first.set(inode as string, path);
    const rdev = type === "c" || type === "b" ? lstatSync(host, { bigint: true }).rdev : 0n;
    const major = Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn));
    const minor = Number((rdev & 0xffn) | ((rdev >> 12n) & ~0xffn));
    entries.push([
      path,
      {
        type: TYPES[type as string] ?? `unknown ${type}`,
        mode: mode as string,
        owner: owner as string,
        mtime: Math.floor(Number((time as string).replace(/\.\d+$/, ""))),
        target: target as string,
        device: `${major}:${minor}`,
        content: type === "f" ? sha256(readFileSync(host)) : "",
        links: linked ? (first.get(inode as string) as string) : "",
        xattrs: xattrsOf(host),
      },
    ]);
  }
  // overlayfs counts names that are hidden: what matters are those that are there.
  const names = new Map<string, number>();
  for (const [, entry] of entries) names.set(entry.links, (names.get(entry.links) ?? 0) + 1);
  for (const [, entry] of entries) if (names.get(entry.links) === 1) entry.links = "";
  return Object.fromEntries(entries);
}

/** Canonical order: a folder before what is in it, siblings by bytes. */
function comparePaths(a: string, b: string): number {
  const left = a.replaceAll("/", "\0");
  const right = b.replaceAll("/", "\0");
  return left < right ? -1 : left > right ? 1 : 0;
}

export async function listTree(tree: ImageTree): Promise<Listing> {
  const nodes = [...walk(tree.root)];
  const first = new Map<Inode, string>();
  const files = new Set<Inode>();
  for (const node of nodes) if (node.inode.type === "file") files.add(node.inode);
  const contents = new Map<Inode, string>();
  await using reader = await tree.sequentialReader(files);
  const entries: (readonly [string, Listed])[] = [];
  for (const node of nodes) {
    const { inode } = node;
    const path = pathOf(node);
    if (inode.links > 1 && !first.has(inode)) first.set(inode, path);
    if (inode.type === "file" && !contents.has(inode)) {
      const hash = createHash("sha256");
      let length = 0;
      for await (const piece of reader.open(inode)) {
        hash.update(piece);
        length += piece.length;
      }
      contents.set(inode, length === inode.size ? hash.digest("hex") : `${length} bytes, not ${inode.size}`);
    }
    const xattrs: Record<string, string> = {};
    for (const [name, value] of storedXattrs(inode.xattrs) ?? [])
      xattrs[name] = Buffer.from(value).toString("hex");
    entries.push([
      path,
      {
        type: inode.type,
        mode: inode.mode.toString(8),
        owner: `${inode.uid}:${inode.gid}`,
        mtime: inode.mtime,
        target: inode.target ?? "",
        device: `${inode.devMajor ?? 0}:${inode.devMinor ?? 0}`,
        content: contents.get(inode) ?? "",
        links: inode.links > 1 ? (first.get(inode) as string) : "",
        xattrs: sortedRecord(xattrs),
      },
    ]);
  }
  return Object.fromEntries(entries);
}

function* walk(node: TreeNode): Generator<TreeNode> {
  yield node;
  for (const child of node.children?.values() ?? []) yield* walk(child);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
