import type { BytePath } from "../bytes/byte-path.ts";
import type { EarlierContent, EarlierFiles } from "../squashfs/blocks/block-reuse.ts";
import { storedLength } from "../squashfs/blocks/block-table.ts";
import type { Reference } from "../squashfs/blocks/format.ts";
import type { EarlierTables } from "./earlier-tables.ts";
import { type FileInode, inodeAt, type StoredInode } from "./stored-inode.ts";
import { namesIn } from "./stored-names.ts";

/** Most names that are read, in case each folder of the image leads to a long list. */
const MOST_NAMES = 4_000_000;

/** A folder with its names. */
interface Folder {
  name: string;
  children: ReadonlyMap<string, Reference>;
}

/** Finds the stored blocks of an open squashfs by the paths of files. */
export class EarlierSquashfs implements EarlierFiles {
  readonly #fd: number;
  /** Byte offset of the squashfs in the file. */
  readonly #start: number;
  readonly #tables: EarlierTables;
  readonly #blockSize: number;
  /** The root and the folders below it to the one that was searched last. In canonical order each is read once. */
  readonly #folders: Folder[] = [];
  #names = 0;

  constructor(
    { fd, start }: { fd: number; start: number },
    tables: EarlierTables,
    { blockSize }: { blockSize: number },
  ) {
    this.#fd = fd;
    this.#start = start;
    this.#tables = tables;
    this.#blockSize = blockSize;
  }

  content(path: BytePath): EarlierContent | undefined {
    try {
      const inode = this.#find(path.split("/"));
      return inode?.type === "file" ? this.#contentOf(inode) : undefined;
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #contentOf(inode: FileInode): EarlierContent {
    const { fragments, inodes } = this.#tables;
    const [fd, start] = [this.#fd, this.#start];
    const place = ({ offset, length }: { offset: number; length: number }) =>
      length === 0 ? undefined : { fd, offset: start + offset, length };
    let [next, offset] = [0, inode.start];
    const lengthOf = (number: number) => inodes.content.readUInt32LE(inode.list + 4 * number);
    return {
      block(number) {
        if (number >= inode.blocks || number < next) return undefined;
        for (; next < number; next++) offset += storedLength({ length: lengthOf(next) });
        return place({ offset, length: lengthOf(number) });
      },
      get fragment() {
        const isFirst = inode.fragment !== undefined && inode.offset === 0;
        const found = isFirst ? fragments[inode.fragment!] : undefined;
        return found && place(found);
      },
    };
  }

  /** @throws RangeError if the tables are damaged */
  #find(names: readonly string[]): StoredInode | undefined {
    const last = names.length - 1;
    if (this.#folders.length === 0)
      this.#folders.push({ name: "", children: this.#children(this.#tables.root) });
    let depth = 0;
    while (depth < last && this.#folders[depth + 1]?.name === names[depth]) depth++;
    this.#folders.length = depth + 1;
    for (; depth < last; depth++) {
      const name = names[depth]!;
      const reference = this.#folders[depth]!.children.get(name);
      if (reference === undefined) return undefined;
      this.#folders.push({ name, children: this.#children(reference) });
    }
    const found = this.#folders[last]!.children.get(names[last]!);
    return found && this.#inode(found);
  }

  #children(reference: Reference): Map<string, Reference> {
    const children = new Map<string, Reference>();
    const inode = this.#inode(reference);
    if (inode.type !== "directory") return children;
    for (const { name, inode: child } of namesIn(this.#tables.directories, inode)) {
      if (++this.#names > MOST_NAMES) throw new RangeError("there are too many names");
      children.set(name, child);
    }
    return children;
  }

  #inode(reference: Reference): StoredInode {
    const { inodes } = this.#tables;
    return inodeAt(inodes.content, inodes.offsetOf(reference), this.#blockSize);
  }
}
