/** The lists of names in a squashfs (squashfs.rst, "Directory Table"). */
import type { Reference } from "../squashfs/blocks/format.ts";
import type { Metadata } from "./metadata.ts";
import type { DirectoryInode } from "./stored-inode.ts";

/** Bytes before the entries that follow one header. */
const HEADER = 12;

/** The names of a folder, with one character for each byte, and their inodes. @throws RangeError if the list is damaged */
export function* namesIn(
  directories: Metadata,
  { names, length }: DirectoryInode,
): Generator<{ name: string; inode: Reference }> {
  if (length === 0) return;
  const table = directories.content;
  let at = directories.offsetOf(names);
  const end = at + length;
  while (at < end) {
    const count = table.readUInt32LE(at) + 1;
    const block = table.readUInt32LE(at + 4);
    at += HEADER;
    for (let i = 0; i < count; i++) {
      const nameLength = table.readUInt16LE(at + 6) + 1;
      const name = table.toString("latin1", at + 8, at + 8 + nameLength);
      yield { name, inode: { block, at: table.readUInt16LE(at) } };
      at += 8 + nameLength;
    }
  }
}
