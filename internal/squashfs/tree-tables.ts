import { withRoom } from "../bytes/columns.ts";
import { type WalkedEntry, type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import { hasContent } from "../image/file-content.ts";
import type { ImageTree, Inode } from "../image/image-tree.ts";
import type { BlockWriter } from "./blocks/block-writer.ts";
import type { Codec } from "./blocks/codec.ts";
import { NO_INDEX, type Reference } from "./blocks/format.ts";
import { type Child, writeList } from "./directory-list.ts";
import { IdTable } from "./id-table.ts";
import {
  directoryInode,
  type FileContent,
  fileInode,
  type InodeHead,
  specialInode,
  symlinkInode,
} from "./inode.ts";
import { MetadataTable } from "./metadata.ts";
import type { StoredContents } from "./stored-contents.ts";
import { XattrTable } from "./xattr-table.ts";

/** The content of an empty file. */
const EMPTY: FileContent = { size: 0, start: 0, fragment: NO_INDEX, offset: 0, holes: 0, blocks: [] };

export interface TreeTables {
  inodes: MetadataTable;
  directories: MetadataTable;
  ids: IdTable;
  xattrs: XattrTable;
  root: Reference;
  /** The packed position of each inode, by its number minus one. */
  places: Float64Array;
}

/** The tables of the tree, after all contents are written. @throws PlatterError `E_TOO_MANY_OWNERS` */
export function treeTables(
  tree: Pick<ImageTree, "root">,
  walk: WalkOptions,
  options: WriterOptions,
): TreeTables {
  const writer = new TableWriter(options);
  for (const entry of walkEntries(tree, walk)) writer.add(entry);
  return writer.finish();
}

interface OpenFolder {
  entry: WalkedEntry;
  number: number;
  folders: number;
  children: Child[];
}

interface WriterOptions {
  codec: Codec;
  blockSize: number;
  files: StoredContents;
  blocks: BlockWriter;
  /** The number of names in this file system of each inode with several names. */
  links: ReadonlyMap<Inode, number>;
}

/** Entries come in canonical order; a folder's list and inode are written after all of its entries. */
class TableWriter {
  readonly #options: WriterOptions;
  readonly #inodes: MetadataTable;
  readonly #directories: MetadataTable;
  readonly #ids = new IdTable();
  readonly #xattrs: XattrTable;
  readonly #open: OpenFolder[] = [];
  readonly #linked = new Map<Inode, Child>();
  #places = new Float64Array(1024);
  #count = 0;
  #files = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#inodes = new MetadataTable(options.codec);
    this.#directories = new MetadataTable(options.codec);
    this.#xattrs = new XattrTable(options.codec);
  }

  add(entry: WalkedEntry): void {
    const slash = entry.path.lastIndexOf("/");
    const parent = slash === -1 ? "" : entry.path.slice(0, slash);
    while (this.#open.length > 0 && entry.path !== "" && this.#top.entry.path !== parent) this.#close();
    const name = entry.path.slice(slash + 1);
    const { type, inode } = entry;
    const known = entry.linkTo === undefined ? undefined : this.#linked.get(inode as Inode);
    if (known !== undefined) {
      this.#top.children.push({ ...known, name });
      return;
    }
    const number = ++this.#count;
    if (type === "directory") {
      if (this.#open.length > 0) this.#top.folders++;
      this.#open.push({ entry, number, folders: 0, children: [] });
      return;
    }
    const child = { name, type, number, inode: this.#addInode(number, this.#inodeOf(entry, number)) };
    this.#top.children.push(child);
    if (inode !== undefined && inode.links > 1) this.#linked.set(inode, child);
  }

  finish(): TreeTables {
    let root = this.#inodes.end;
    while (this.#open.length > 0) root = this.#close();
    return {
      inodes: this.#inodes,
      directories: this.#directories,
      ids: this.#ids,
      xattrs: this.#xattrs,
      root,
      places: this.#places.subarray(0, this.#count),
    };
  }

  get #top(): OpenFolder {
    return this.#open[this.#open.length - 1] as OpenFolder;
  }

  #close(): Reference {
    const { entry, number, folders, children } = this.#open.pop() as OpenFolder;
    const { start, length, index } = writeList(children, this.#directories);
    const above = this.#open.at(-1);
    // The root does not have a parent. The format requires the number after the last inode.
    const parent = above?.number ?? this.#count + 1;
    const content = { links: 2 + folders, length, block: start.block, at: start.at, parent, index };
    const inode = this.#addInode(number, directoryInode(this.#head(entry, number), content));
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    above?.children.push({ name, type: "directory", number, inode });
    return inode;
  }

  #addInode(number: number, bytes: Uint8Array): Reference {
    const place = this.#inodes.end;
    this.#places = withRoom(this.#places, number);
    this.#places[number - 1] = place.block * 2 ** 16 + place.at;
    this.#inodes.add(bytes);
    return place;
  }

  #inodeOf(entry: WalkedEntry, number: number): Uint8Array {
    const head = this.#head(entry, number);
    const links = (entry.inode && this.#options.links.get(entry.inode)) ?? 1;
    switch (entry.type) {
      case "file":
        return fileInode(head, links, hasContent(entry) ? this.#contentOf(entry.size) : EMPTY);
      case "symlink":
        return symlinkInode(head, links, entry.target ?? "");
      case "block-device":
      case "character-device":
        return specialInode(head, links, { major: entry.devMajor ?? 0, minor: entry.devMinor ?? 0 });
      case "fifo":
        return specialInode(head, links, undefined);
      case "directory":
        throw new TypeError("a directory's inode needs its list");
      default:
        return entry.type satisfies never;
    }
  }

  /** The content of the next file, since contents were written in the same order. */
  #contentOf(size: number): FileContent {
    const { files, blocks, blockSize } = this.#options;
    const file = this.#files++;
    const fragment = files.fragmentOf(file);
    const first = files.blockOf(file);
    const count = fragment === NO_INDEX ? Math.ceil(size / blockSize) : 0;
    return {
      size,
      start: count === 0 ? 0 : blocks.placeOf(first),
      fragment,
      offset: files.offsetOf(file),
      holes: files.holesOf(file),
      blocks:
        count === 0 ? EMPTY.blocks : Array.from({ length: count }, (_, i) => blocks.lengthOf(first + i)),
    };
  }

  #head({ type, mode, uid, gid, mtime, xattrs }: WalkedEntry, number: number): InodeHead {
    return {
      type,
      mode,
      owner: this.#ids.placeOf(uid),
      group: this.#ids.placeOf(gid),
      mtime,
      number,
      xattrs: xattrs === undefined || xattrs.size === 0 ? NO_INDEX : this.#xattrs.numberOf(xattrs),
    };
  }
}
