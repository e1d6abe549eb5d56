import { bytesToLatin1 } from "../bytes/byte-path.ts";
import type { ImageTree, Inode } from "./image-tree.ts";
import { readWhole } from "./read-whole.ts";
import { resolve } from "./resolve.ts";
import { isOverlayXattr, LABEL, LAYER_LABEL, XattrInterner } from "./xattr-set.ts";

export const OSTREE_OBJECTS = "sysroot/ostree/repo/objects";
/** Ends of the names of ostree's objects in a repository of the kind `bare-split-xattrs`. */
const [FILE, LINK, ATTRIBUTES] = [".file", ".file-xattrs-link", ".file-xattrs"];
/** Sets of attributes that are read, and bytes of one. */
const MAX_SETS = 20_000;
const MAX_BYTES = 65_536;

type Attribute = readonly [string, Uint8Array];

/**
 * Gives files the attributes that only the ostree repository in the image has. There an object `X.file-xattrs` has a set
 * of attributes, and a hard link `Y.file-xattrs-link` to it says that the file `Y.file` has this set. A file keeps the
 * attributes that it already has. Labels count as labels of a layer. Objects that are not valid count as empty.
 */
export async function restoreOstreeXattrs(tree: Pick<ImageTree, "root" | "read">): Promise<void> {
  const folders = [...(resolve(tree.root, OSTREE_OBJECTS)?.children?.values() ?? [])];
  const sets = new Map<Inode, readonly Attribute[]>();
  for (const { children } of folders) {
    for (const [name, { inode }] of children ?? []) {
      const isSet = name.endsWith(ATTRIBUTES) && inode.type === "file" && inode.size <= MAX_BYTES;
      if (!isSet || sets.size >= MAX_SETS || sets.has(inode)) continue;
      sets.set(inode, parseAttributes(await readWhole(tree, inode)) ?? []);
    }
  }
  if (sets.size === 0) return;
  const interner = new XattrInterner();
  for (const { children } of folders) {
    for (const [name, link] of children ?? []) {
      const set = name.endsWith(LINK) ? sets.get(link.inode) : undefined;
      const file = children?.get(name.slice(0, -LINK.length) + FILE);
      if (set === undefined || file === undefined) continue;
      const own = file.inode.xattrs;
      const missing = set.filter(([attribute]) => own?.has(attribute) !== true);
      if (missing.length > 0) file.inode.xattrs = interner.intern([...(own ?? []), ...missing]);
    }
  }
}

/** The attributes of an object; undefined if it is not a GVariant `a(ayay)` of names that end in NUL. */
export function parseAttributes(bytes: Uint8Array): Attribute[] | undefined {
  const attributes: Attribute[] = [];
  for (const pair of variableElements(bytes) ?? [undefined]) {
    const name = pair && firstOfPair(pair);
    if (pair === undefined || name === undefined || name.at(-1) !== 0) return undefined;
    const text = bytesToLatin1(name.subarray(0, -1));
    const value = pair.subarray(name.length, pair.length - offsetSize(pair.length));
    if (text === "" || text.includes("\0")) return undefined;
    if (!isOverlayXattr(text)) attributes.push([text === LABEL ? LAYER_LABEL : text, value]);
  }
  return attributes;
}

/** The elements of an array of elements with a variable size (GVariant specification, 2.5.2). */
function variableElements(bytes: Uint8Array): Uint8Array[] | undefined {
  if (bytes.length === 0) return [];
  const size = offsetSize(bytes.length);
  const first = offsetAt(bytes, bytes.length - size, size);
  const count = (bytes.length - first) / size;
  if (!Number.isInteger(count) || count < 1) return undefined;
  const elements: Uint8Array[] = [];
  let start = 0;
  for (let index = 0; index < count; index++) {
    const end = offsetAt(bytes, first + index * size, size);
    if (end < start || end > first) return undefined;
    elements.push(bytes.subarray(start, end));
    start = end;
  }
  return elements;
}

/** The first of two arrays of bytes: the pair ends with the offset of its end. */
function firstOfPair(bytes: Uint8Array): Uint8Array | undefined {
  const size = offsetSize(bytes.length);
  if (bytes.length < size) return undefined;
  const end = offsetAt(bytes, bytes.length - size, size);
  return end > bytes.length - size ? undefined : bytes.subarray(0, end);
}

/** Bytes of an offset in a container of this many bytes. */
function offsetSize(length: number): number {
  if (length <= 0xff) return 1;
  return length <= 0xffff ? 2 : 4;
}

function offsetAt(bytes: Uint8Array, at: number, size: number): number {
  let offset = 0;
  for (let index = size - 1; index >= 0; index--) offset = offset * 256 + (bytes[at + index] ?? 0);
  return offset;
}
