import { type WalkedEntry, type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import type { ImageTree } from "../image/image-tree.ts";

/** The first hashed bytes, so that another form of listing has another digest. */
const FORMAT = "platter-tree 1\0";

const BLOCK = 256 * 1024;

/**
 * Digest of everything in the file system image except the contents: names, types, modes, owners, times, sizes, link
 * targets and groups, device numbers, extended attributes. The same image has the same digest from every source.
 * `visit` is called with each entry.
 */
export function treeDigest(
  tree: Pick<ImageTree, "root">,
  options: WalkOptions,
  visit?: (entry: WalkedEntry) => void,
): string {
  const hasher = new Bun.CryptoHasher("sha256");
  hasher.update(FORMAT);
  // One buffer for all of them: the garbage collector does not account for small buffers, one for each entry.
  const block = Buffer.allocUnsafe(BLOCK);
  let used = 0;
  for (const entry of walkEntries(tree, options)) {
    visit?.(entry);
    const text = listing(entry);
    if (used + text.length > BLOCK) {
      hasher.update(block.subarray(0, used));
      used = 0;
    }
    if (text.length > BLOCK) hasher.update(Buffer.from(text, "latin1"));
    else used += block.write(text, used, "latin1");
  }
  hasher.update(block.subarray(0, used));
  return `sha256:${hasher.digest("hex")}`;
}

/** One entry as fields that end in NUL, which names cannot contain; attribute values are preceded by their length. */
function listing(entry: WalkedEntry): string {
  const fields = [
    entry.path,
    entry.type,
    entry.mode.toString(8),
    entry.uid,
    entry.gid,
    entry.mtime,
    entry.size,
    entry.target ?? "",
    entry.linkTo ?? "",
    entry.devMajor ?? 0,
    entry.devMinor ?? 0,
    entry.xattrs?.size ?? 0,
  ];
  let text = `${fields.join("\0")}\0`;
  for (const [name, value] of entry.xattrs ?? []) {
    text += `${name}\0${value.length}\0${Buffer.from(value.buffer, value.byteOffset, value.length).toString("latin1")}`;
  }
  return text;
}
