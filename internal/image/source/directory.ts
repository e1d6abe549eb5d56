import { closeSync, constants, realpathSync } from "node:fs";
import { throwIfAborted } from "../../base/interrupt.ts";
import { machineError } from "../../base/machine-error.ts";
import { type BytePath, displayPath } from "../../bytes/byte-path.ts";
import type { HeldRange, OpenedFile } from "../../bytes/byte-range.ts";
import { rangeBytes, readAtSync, unreadableFile } from "../../bytes/chunk.ts";
import { ContentStamp } from "../../bytes/content-stamp.ts";
import { openNoFollow } from "../../os/open-nofollow.ts";
import type { ImageSource, ImageTree, Inode, Locator, SequentialReader } from "../image-tree.ts";
import type { TableNode } from "../table/table-node.ts";
import { scanDirectory } from "./directory-scan.ts";

/** A file of up to this many bytes is read synchronously, because waiting would cost more. */
const SMALL_FILE = 64 * 1024;

interface DirectoryOptions {
  signal: AbortSignal;
  /** The source that the folder belongs to. The default is `dir:PATH`. */
  source?: ImageSource;
  /** Whether an attribute belongs to the host and not to the image. By default none does. */
  ignoreXattr?: (name: string) => boolean;
  /** Called on disposal of the tree, to remove a mount. */
  release?: () => Promise<void>;
}

/**
 * The tree of a root file system in a folder. Its content is read by the names of the scan, without following symlinks.
 * @throws PlatterError `E_DIRECTORY`, `E_DIRECTORY_READ`
 */
export async function openDirectory(path: string, options: DirectoryOptions): Promise<DirectoryTree> {
  let real: string;
  try {
    real = realpathSync(path, { encoding: "latin1" });
  } catch (error) {
    throw machineError(error, { code: "E_DIRECTORY", message: `Cannot open the folder \`${path}\`` });
  }
  const stamp = new ContentStamp();
  const { root, leftOut } = await scanDirectory(real === "/" ? "" : real, { ...options, stamp });
  const source = options.source ?? folderSource(real, stamp.finish());
  if (leftOut.length > 0) source.leftOut = leftOut;
  return new DirectoryTree(real, root, { ...options, source });
}

function folderSource(path: string, stamp: string): ImageSource {
  return {
    reference: `dir:${Buffer.from(path, "latin1")}`,
    transport: "dir",
    digest: undefined,
    stamp,
    created: undefined,
    architecture: undefined,
  };
}

export class DirectoryTree implements ImageTree {
  readonly source: ImageSource;
  readonly hostPath: string;
  readonly root: TableNode;
  /** The folder's path, with one character for each byte. */
  readonly #path: string;
  readonly #options: DirectoryOptions;

  constructor(path: string, root: TableNode, options: DirectoryOptions & { source: ImageSource }) {
    this.#path = path === "/" ? "" : path;
    this.hostPath = Buffer.from(path, "latin1").toString();
    this.root = root;
    this.#options = options;
    this.source = options.source;
  }

  async *read(inode: Inode): AsyncGenerator<Uint8Array> {
    if (inode.type !== "file") throw new TypeError(`a ${inode.type} has no content`);
    if (inode.size === 0) return;
    if (inode.size <= SMALL_FILE) {
      const bytes = new Uint8Array(inode.size);
      this.#readSmall(inode, bytes);
      yield bytes;
      return;
    }
    const file = this.#open(inode);
    try {
      for await (const bytes of rangeBytes({ file, start: 0, length: inode.size })) {
        yield bytes;
        throwIfAborted(this.#options.signal, "the reading of the image");
      }
    } finally {
      closeSync(file.fd);
    }
  }

  async sequentialReader(): Promise<SequentialReader> {
    return {
      open: (inode) => this.read(inode),
      readSync: (inode, target) => this.#readSmall(inode, target),
      held: (inode) => this.held(inode),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  held(inode: Inode): HeldRange | undefined {
    if (inode.type !== "file") return undefined;
    const file = this.#open(inode);
    return { file, start: 0, length: inode.size, [Symbol.dispose]: () => closeSync(file.fd) };
  }

  #readSmall(inode: Inode, target: Uint8Array): boolean {
    if (inode.type !== "file" || inode.size > SMALL_FILE) return false;
    const file = this.#open(inode);
    try {
      readAtSync(file, { target, at: 0 });
    } finally {
      closeSync(file.fd);
    }
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.release?.();
  }

  #open(inode: Inode): OpenedFile {
    throwIfAborted(this.#options.signal, "the reading of the image");
    const path = this.root.table.path(inode.locator as Locator);
    // Computed only for messages, since there are many files.
    const shown = () => this.#shown(path);
    const { O_RDONLY, O_NONBLOCK } = constants;
    try {
      const fd = openNoFollow(`${this.#path}/${path}`, O_RDONLY | O_NONBLOCK);
      return {
        fd,
        get path() {
          return shown();
        },
      };
    } catch (error) {
      throw unreadableFile(error, shown());
    }
  }

  #shown(path: BytePath): string {
    return `${this.hostPath === "/" ? "" : this.hostPath}${displayPath(path)}`;
  }
}
