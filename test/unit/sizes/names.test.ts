import { expect, test } from "bun:test";
import { Metadata } from "../../../internal/reuse/metadata.ts";
import { readNames } from "../../../internal/sizes/squashfs-names.ts";
import { directoryInode, fileInode, type InodeHead } from "../../../internal/squashfs/inode.ts";

const head = (type: InodeHead["type"], number: number): InodeHead => ({
  type,
  mode: 0o644,
  owner: 0,
  group: 0,
  mtime: 0,
  number,
  xattrs: 0xffffffff,
});

/** The list of a directory with one run of names, whose inodes are at these offsets of the first block. */
function list(entries: readonly { name: string; at: number; number: number; type: number }[]): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt32LE(entries.length - 1, 0);
  header.writeUInt32LE(0, 4);
  const parts = entries.map(({ name, at, type }) => {
    const entry = Buffer.alloc(8 + name.length);
    entry.writeUInt16LE(at, 0);
    entry.writeUInt16LE(type, 4);
    entry.writeUInt16LE(name.length - 1, 6);
    entry.write(name, 8, "latin1");
    return entry;
  });
  return Buffer.concat([header, ...parts]);
}

/** A table of one block that is not compressed. */
function table(content: Buffer): Metadata {
  const bytes = Buffer.alloc(2 + content.length);
  bytes.writeUInt16LE(0x8000 | content.length, 0);
  bytes.set(content, 2);
  return new Metadata(bytes);
}

const folder = (number: number, length: number) =>
  Buffer.from(
    directoryInode(head("directory", number), { links: 2, length, block: 0, at: 0, parent: 1, index: [] }),
  );
const file = Buffer.from(
  fileInode(head("file", 2), 1, { size: 0, start: 0, fragment: 0xffffffff, offset: 0, holes: 0, blocks: [] }),
);

const read = (inodes: Buffer, names: Buffer, root = { block: 0, at: 0 }) =>
  readNames({ inodes: table(inodes), directories: table(names), blockSize: 4096, root });

test("readNames: names in their order, with inodes", () => {
  const root = folder(1, 29);
  const names = list([
    { name: "a", at: root.length, number: 2, type: 2 },
    { name: "b", at: root.length, number: 2, type: 2 },
  ]);
  const { children } = read(Buffer.concat([folder(1, names.length), file]), names);
  expect([...children!.keys()]).toEqual(["a", "b"]);
  expect(children!.get("a")!.inode).toBe(children!.get("b")!.inode);
});

test("readNames: a directory that contains itself is an error", () => {
  const names = list([{ name: "loop", at: 0, number: 1, type: 1 }]);
  expect(() => read(folder(1, names.length), names)).toThrow("directories contain each other");
});

test("readNames: a reference to no block, and a list that is cut off, are errors", () => {
  const names = list([{ name: "a", at: 0, number: 1, type: 1 }]);
  expect(() => read(folder(1, names.length), names, { block: 7, at: 0 })).toThrow(
    "a reference does not lead to",
  );
  expect(() => read(folder(1, 5000), names)).toThrow(RangeError);
});
