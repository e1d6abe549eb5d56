import { closeSync, constants, openSync, read, readSync, realpathSync } from "node:fs";
import { promisify } from "node:util";
import { PlatterError } from "../error.ts";
import { throwIfAborted } from "../interrupt.ts";
import { machineError } from "../machine-error.ts";
import { type BytePath, displayPath } from "./byte-path.ts";
import { ContentStamp } from "./content-stamp.ts";
import { scanDirectory } from "./directory-scan.ts";
import { READ_SIZE } from "./file-range.ts";
import { withHostPath } from "./host-path.ts";
import type { ImageSource, ImageTree, Inode, SequentialReader } from "./image-tree.ts";
import type { TableNode } from "./table-node.ts";

const readAt = promisify(read);

export interface DirectoryOptions {
  signal: AbortSignal;
  /** What the folder shows, if it is more than a folder. Default: `dir:PATH`. */
  source?: ImageSource;
  /** Attributes that are the host's and not the image's. Default: none. */
  ignoreXattr?: (name: string) => boolean;
  /** Runs when the tree is disposed of: takes a mount away. */
  release?: () => Promise<void>;
}

/**
 * The tree of a root file system that is there as a folder. Its content is read through names that the scan found,
 * never through a symlink.
 * @throws PlatterError `E_DIRECTORY`, `E_DIRECTORY_READ`
 */
export async function openDirectory(path: string, options: DirectoryOptions): Promise<ImageTree> {
  let real: string;
  try {
    real = realpathSync(path, { encoding: "latin1" });
  } catch (error) {
    throw machineError(error, { code: "E_DIRECTORY", message: `Cannot open the folder \`${path}\`` });
  }
  const stamp = new ContentStamp();
  const root = await scanDirectory(real === "/" ? "" : real, { ...options, stamp });
  const source = options.source ?? folderSource(real, stamp.finish());
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

class DirectoryTree implements ImageTree {
  readonly source: ImageSource;
  readonly hostPath: string;
  readonly root: TableNode;
  /** The folder's path, one character a byte. */
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
    throwIfAborted(this.#options.signal, "the reading of the image");
    const path = this.root.table.path(inode.locator as number);
    const fd = this.#open(path);
    try {
      for (let at = 0; at < inode.size; ) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_SIZE, inode.size - at));
        const length = await this.#readPiece(fd, buffer, { at, path });
        at += length;
        yield length === buffer.length ? buffer : buffer.subarray(0, length);
        throwIfAborted(this.#options.signal, "the reading of the image");
      }
    } finally {
      closeSync(fd);
    }
  }

  async sequentialReader(): Promise<SequentialReader> {
    const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
    return {
      open: (inode) => this.read(inode),
      atOnce: (inode) => this.#readSmall(inode, buffer),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }

  #readSmall(inode: Inode, buffer: Buffer): Uint8Array | undefined {
    const { size } = inode;
    if (inode.type !== "file" || size >= READ_SIZE) return undefined;
    throwIfAborted(this.#options.signal, "the reading of the image");
    const path = this.root.table.path(inode.locator as number);
    const fd = this.#open(path);
    try {
      for (let at = 0; at < size; ) at += this.#readNow(fd, buffer, { at, length: size - at, path });
    } finally {
      closeSync(fd);
    }
    return buffer.subarray(0, size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.release?.();
  }

  #open(path: BytePath): number {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      return withHostPath(this.#path, path, (host) => openSync(host, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    } catch (error) {
      throw this.#unreadable(error, path);
    }
  }

  async #readPiece(fd: number, buffer: Buffer, where: { at: number; path: BytePath }): Promise<number> {
    let length: number;
    try {
      length = (await readAt(fd, buffer, 0, buffer.length, where.at)).bytesRead;
    } catch (error) {
      throw this.#unreadable(error, where.path);
    }
    if (length > 0) return length;
    throw this.#shrank(where.path);
  }

  /** Reads into `buffer`, at the place that the bytes have in the file. */
  #readNow(fd: number, buffer: Buffer, where: { at: number; length: number; path: BytePath }): number {
    let length: number;
    try {
      length = readSync(fd, buffer, where.at, where.length, where.at);
    } catch (error) {
      throw this.#unreadable(error, where.path);
    }
    if (length > 0) return length;
    throw this.#shrank(where.path);
  }

  #shrank(path: BytePath): PlatterError {
    return new PlatterError({
      code: "E_FILE_SHRANK",
      kind: "machine",
      message: `\`${this.#shown(path)}\` became shorter while it was read.`,
      hint: "Make sure that nothing else changes the folder, and try again.",
    });
  }

  #unreadable(error: unknown, path: BytePath): PlatterError {
    return machineError(error, { code: "E_FILE_READ", message: `Cannot read \`${this.#shown(path)}\`` });
  }

  #shown(path: BytePath): string {
    return `${this.hostPath === "/" ? "" : this.hostPath}${displayPath(path)}`;
  }
}
