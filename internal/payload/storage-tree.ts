import type { ByteRange } from "../bytes/byte-range.ts";
import type { Content, Locator } from "../image/image-tree.ts";
import { memberLocator } from "../image/layer/content-ranges.ts";
import { Spool } from "../image/layer/spool.ts";
import { TreeTable } from "../image/table/tree-table.ts";

/** The layer number of generated files, greater than that of any layer. */
const GENERATED = 2 ** 20;

/** A tree of folders, symlinks and small generated files, all owned by root, with one time. */
export class StorageTree implements Disposable {
  readonly table = new TreeTable();
  readonly root: number;
  readonly #time: number;
  readonly #spool: Spool;
  readonly #contents: ByteRange[] = [];

  constructor(options: { work: string; signal: AbortSignal; time: number }) {
    const { work: directory, signal, time } = options;
    this.#time = time;
    this.#spool = new Spool({ directory, name: "payload", signal });
    this.root = this.table.addRoot(this.#inode("directory", { mode: 0o755, size: 0 }));
  }

  /** The folder of this name, which is created if it is missing. */
  folder(parent: number, name: string, mode: number): number {
    const there = this.table.child(parent, name);
    return there || this.table.addChild(parent, name, this.#inode("directory", { mode, size: 0 }));
  }

  symlink(parent: number, name: string, target: string): void {
    const inode = this.#inode("symlink", { mode: 0o777, size: 0 });
    this.table.inodes.setTarget(inode, target);
    this.table.addChild(parent, name, inode);
  }

  async file(
    parent: number,
    name: string,
    content: { bytes: Uint8Array | string; mode: number },
  ): Promise<void> {
    const bytes = Buffer.from(content.bytes as Uint8Array);
    const inode = this.#inode("file", { mode: content.mode, size: bytes.length });
    const number = this.#contents.push(await this.#spool.add(once(bytes), bytes.length)) - 1;
    this.table.inodes.setLocator(inode, memberLocator(GENERATED, number));
    this.table.addChild(parent, name, inode);
  }

  /** A generated file's content; undefined for a file of a layer. */
  content(locator: Locator): Content | undefined {
    const number = locator - memberLocator(GENERATED, 0);
    const slot = number < 0 ? undefined : this.#contents[number];
    return slot && this.#spool.read(slot);
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]();
  }

  #inode(type: "directory" | "symlink" | "file", { mode, size }: { mode: number; size: number }): number {
    return this.table.inodes.add({ type, mode, uid: 0, gid: 0, mtime: this.#time, size });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
