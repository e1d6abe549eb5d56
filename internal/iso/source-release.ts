import { closeSync, fstatSync, openSync } from "node:fs";
import { type OpenedFile, readAtOnce } from "../chunk.ts";
import { punchHole, settle } from "../file-space.ts";
import type { IsoFile } from "./layout.ts";
import type { ByteSource } from "./read/byte-source.ts";
import { readDirectoryTree } from "./read/directory-tree.ts";
import { findNode, type IsoNode } from "./read/iso-node.ts";
import { SECTOR } from "./read/volume-descriptor.ts";
import { readVolumeDescriptors } from "./read/volume-descriptors.ts";

/** Lengths of the ISO's beginning, in bytes, at which its directories are looked for; they come before all files. */
const ATTEMPTS = [1, 4, 16].map((megabytes) => megabytes * 1024 * 1024);
/** Bytes; a smaller file is not worth the trouble. */
const MIN_SIZE = 256 * 1024;
/** Bytes that are released at once. */
const STEP = 2 * 1024 * 1024;

/** A source file that is being copied into the ISO. */
interface Place {
  fd: number;
  /** Where it begins on the ISO, in bytes. */
  start: number;
  size: number;
  /** Bytes from its beginning that are released already. */
  released: number;
}

/**
 * Gives back the space of source files while they are copied into an ISO, each part once it is there. xorriso reads
 * every file once and forward, so what has come out of it will not be read again. Where each file lies is read from the
 * ISO's own directories. A file that has a second name, and a file system that cannot do this, keep what they have.
 */
export class SourceRelease implements Disposable {
  readonly #iso: OpenedFile;
  readonly #files: readonly IsoFile[];
  #attempt: number;
  #places: Place[] = [];
  /** Whether something was released that the file system may not have taken back yet. */
  #isPending = false;

  /** `iso` is open for reading. */
  constructor(iso: OpenedFile, files: readonly IsoFile[]) {
    this.#iso = iso;
    this.#files = files;
    this.#attempt = files.length === 0 ? ATTEMPTS.length : 0;
  }

  /** Takes note of how many bytes of the ISO are written. @throws PlatterError `E_FILE_READ` */
  async written(size: number): Promise<void> {
    const attempt = ATTEMPTS[this.#attempt];
    if (attempt !== undefined && size >= attempt) await this.#locate(attempt);
    this.#places = this.#places.filter((place) => this.#release(place, size));
  }

  /** Looks for the files' places in the ISO's first bytes. */
  async #locate(length: number): Promise<void> {
    this.#attempt++;
    const head = new Uint8Array(length);
    readAtOnce(this.#iso, { target: head, at: 0 });
    const places = await locateFiles(head, this.#files);
    if (places === undefined) return;
    this.#places = places;
    this.#attempt = ATTEMPTS.length;
  }

  /** Releases what is due; false once there is nothing more to release. */
  #release(place: Place, size: number): boolean {
    const { fd, start, released } = place;
    const done = Math.min(size - start, place.size);
    const isWhole = done === place.size;
    if (!isWhole && done - released < STEP) return true;
    // Parts of whole steps, so that no block lies in two of them.
    const end = isWhole ? done : done - (done % STEP);
    // One refusal is not for ever: btrfs needs some space for it.
    if (punchHole(fd, { offset: released, length: end - released })) {
      place.released = end;
      this.#isPending = true;
    }
    if (!isWhole) return true;
    closeSync(fd);
    return false;
  }

  /** Has the file system take back what was released; false where there is nothing. */
  settle(): boolean {
    if (!this.#isPending) return false;
    settle(this.#iso.fd);
    this.#isPending = false;
    return true;
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#places) closeSync(fd);
    this.#places = [];
  }
}

/** Where the larger files lie; undefined if the ISO's directories are not all in its first bytes. */
async function locateFiles(head: Uint8Array, files: readonly IsoFile[]): Promise<Place[] | undefined> {
  const source: ByteSource = {
    // What comes later is not missing.
    size: Number.MAX_SAFE_INTEGER,
    read: async (offset, length) => head.subarray(Math.min(offset, head.length), offset + length),
  };
  const { primary } = (await readVolumeDescriptors(source)).value;
  if (primary === undefined) return undefined;
  const { root, directories } = (await readDirectoryTree(source, primary)).value;
  const isThere = ({ extents: [first] }: IsoNode) =>
    first !== undefined && first.lba * SECTOR + first.size <= head.length;
  if (!directories.every(isThere)) return undefined;
  return files.flatMap(({ isoPath, hostPath }) => {
    const node = findNode(root, isoPath);
    return node === undefined || node.size < MIN_SIZE ? [] : openPlace(node, hostPath);
  });
}

function openPlace(node: IsoNode, hostPath: string): Place[] {
  const start = node.extents[0]!.lba * SECTOR;
  let end = start;
  for (const { lba, size } of node.extents) {
    if (lba * SECTOR !== end) return [];
    end += size;
  }
  const fd = openSync(hostPath, "r+");
  const info = fstatSync(fd);
  if (info.isFile() && info.nlink === 1 && info.size === node.size) {
    return [{ fd, start, size: node.size, released: 0 }];
  }
  closeSync(fd);
  return [];
}
