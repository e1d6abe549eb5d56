import type { ByteRange } from "../../bytes/byte-range.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { type Extent, SECTOR } from "../../iso-format/units.ts";

/** One file or directory of an ISO, as one of its trees shows it. */
export interface IsoNode {
  /** Starts with a slash; the root is `/`. */
  path: string;
  name: string;
  kind: "file" | "directory" | "symlink" | "special";
  /** A file of 4 GiB or more has several extents. */
  extents: readonly Extent[];
  /** Length of the content in bytes. */
  size: number;
  /** As recorded (ECMA-119, 9.1.6); those of the last record if there are several. */
  flags: number;
  target: string | undefined;
  parent: IsoNode | undefined;
  /** In the order in which they are recorded; empty for anything except directories. */
  children: IsoNode[];
  /** Byte ranges of the name and the flags in the source. */
  nameSpans: readonly ByteRange[];
  flagsOffset: number;
  /** The name as an ISO 9660 identifier, which the path tables repeat. */
  identifier: string;
  identifierSpan: ByteRange;
}

/** All nodes below and including this one. */
export function* nodesOf(root: IsoNode): Iterable<IsoNode> {
  const queue = [root];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    yield node;
    for (let index = node.children.length - 1; index >= 0; index--) queue.push(node.children[index]!);
  }
}

/** The node at an absolute path. */
export function findNode(root: IsoNode, path: string): IsoNode | undefined {
  let node: IsoNode | undefined = root;
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    node = node?.children.find((child) => child.name === name);
  }
  return node;
}

/** Like {@link findNode}, but ignores case. */
export function findNodeAnyCase(root: IsoNode, path: string): IsoNode | undefined {
  let node: IsoNode | undefined = root;
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    node = node?.children.find((child) => child.name.toLowerCase() === name.toLowerCase());
  }
  return node;
}

/** The content of a file as a byte source. */
export function nodeSource(source: ByteSource, node: IsoNode): ByteSource {
  return {
    size: node.size,
    read: async (offset, length) => {
      const pieces: Uint8Array[] = [];
      let start = 0;
      for (const { lba, size } of node.extents) {
        const from = Math.max(offset, start);
        const to = Math.min(offset + length, start + size);
        if (from < to) pieces.push(await source.read(lba * SECTOR + from - start, to - from));
        start += size;
      }
      return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    },
  };
}

const CHUNK = 1024 * 1024;

/** A file's bytes, in pieces; ends early if the source does. */
export async function* contentOf(source: ByteSource, node: IsoNode): AsyncIterable<Uint8Array> {
  for (const { lba, size } of node.extents) {
    for (let at = 0; at < size; at += CHUNK) {
      const wanted = Math.min(CHUNK, size - at);
      const piece = await source.read(lba * SECTOR + at, wanted);
      yield piece;
      if (piece.length < wanted) return;
    }
  }
}

/** A file's first bytes, at most `limit`. */
export async function readNode(source: ByteSource, node: IsoNode, limit: number): Promise<Uint8Array> {
  return nodeSource(source, node).read(0, Math.min(limit, node.size));
}
