/** The tree of one volume descriptor: ISO 9660 with Rock Ridge, or Joliet (ECMA-119, 6.8; RRIP 1.12). */

import { textOf } from "../../bytes/fields.ts";
import { type Problem, ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { FLAG } from "../../iso-format/directory-record.ts";
import { SECTOR } from "../../iso-format/units.ts";
import { type DirectoryEntry, DirectoryReader } from "./directory-reader.ts";
import { type IsoNode, nodesOf } from "./iso-node.ts";
import { fileTypeOf } from "./rock-ridge.ts";
import type { VolumeDescriptor } from "./volume-descriptor.ts";

export interface IsoTree {
  root: IsoNode;
  /** Whether the names are Rock Ridge's. */
  rockRidge: boolean;
  /** Every directory of ISO 9660, before Rock Ridge relocates any. */
  directories: readonly IsoNode[];
}

const MAX_NODES = 500_000;
const MAX_DEPTH = 200;

/** Reads the whole tree. `base` is the offset of this volume in the whole ISO. */
export async function readDirectoryTree(
  source: ByteSource,
  descriptor: VolumeDescriptor,
  options: { base?: number } = {},
): Promise<Reading<IsoTree>> {
  const log = new ProblemLog(options.base ?? 0);
  const tree = await new TreeReader(source, descriptor, log).read();
  return log.reading(tree);
}

class TreeReader {
  readonly #source: ByteSource;
  readonly #descriptor: VolumeDescriptor;
  readonly #log: ProblemLog;
  readonly #reader: DirectoryReader;
  readonly #byExtent = new Map<number, IsoNode>();
  readonly #links: { node: IsoNode; lba: number }[] = [];
  readonly #relocated = new Set<IsoNode>();
  #nodes = 1;

  constructor(source: ByteSource, descriptor: VolumeDescriptor, log: ProblemLog) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#log = log;
    this.#reader = new DirectoryReader(source, descriptor, log);
  }

  async read(): Promise<IsoTree> {
    const root = rootNode(this.#descriptor);
    const queue = [root];
    this.#byExtent.set(root.extents[0]!.lba, root);
    for (const directory of queue) {
      if (this.#log.isFull) continue;
      for (const subdirectory of await this.#readDirectory(directory)) queue.push(subdirectory);
    }
    this.#moveRelocated(root);
    return { root, rockRidge: this.#reader.hasRockRidge, directories: queue };
  }

  /** Reads one directory's children, and returns its subdirectories. */
  async #readDirectory(directory: IsoNode): Promise<IsoNode[]> {
    const subdirectories: IsoNode[] = [];
    for (const entry of await this.#reader.read(directory)) {
      if (++this.#nodes > MAX_NODES) {
        this.#note({ code: "too-many-files", detail: `has over ${MAX_NODES} files` });
        break;
      }
      const node = this.#nodeFor(entry, directory);
      directory.children.push(node);
      if (node.kind !== "directory" || entry.rockRidge?.childLink !== undefined) continue;
      const { lba } = entry.record.extent;
      const { offset } = entry.record;
      const name = this.#reader.nameOf(node);
      const known = this.#byExtent.get(lba);
      if (known !== undefined) {
        this.#note({
          code: "directory-loop",
          detail: `${name} is the same directory as ${known.path}`,
          offset,
        });
      } else if (node.path.split("/").length > MAX_DEPTH) {
        this.#note({ code: "too-deep", detail: `has directories nested over ${MAX_DEPTH} deep`, offset });
      } else {
        this.#byExtent.set(lba, node);
        subdirectories.push(node);
      }
    }
    return subdirectories;
  }

  #nodeFor(entry: DirectoryEntry, parent: IsoNode): IsoNode {
    const { record, rockRidge } = entry;
    const node = makeNode(entry, parent);
    const type = rockRidge?.mode === undefined ? undefined : fileTypeOf(rockRidge.mode);
    const isDirectory = (record.flags & FLAG.directory) !== 0;
    if (rockRidge?.childLink !== undefined) this.#links.push({ node, lba: rockRidge.childLink });
    else if (type !== undefined && (type === "directory") !== isDirectory) {
      const detail = `${this.#reader.nameOf(node)} is and is not a directory`;
      this.#note({ code: "file-type", detail, offset: node.flagsOffset });
    }
    if (rockRidge?.relocated === true) this.#relocated.add(node);
    if (node.kind === "file") this.#checkBounds(node);
    return node;
  }

  #checkBounds(node: IsoNode): void {
    const isInside = node.extents.every(
      ({ lba, size }) => size === 0 || lba * SECTOR + size <= this.#source.size,
    );
    if (isInside) return;
    const detail = `ends before ${node.path} does`;
    this.#note({ code: "file-cut-off", detail, offset: node.flagsOffset - 23 });
  }

  /**
   * RRIP 1.12, 4.1.5: a directory that is too deep for ISO 9660 is stored elsewhere, and `CL` has its sector. Each is
   * moved at most once, so that the nodes below the root stay a tree.
   */
  #moveRelocated(root: IsoNode): void {
    for (const { node, lba } of this.#links) {
      const real = this.#byExtent.get(lba);
      if (real === undefined || !this.#relocated.delete(real)) {
        const detail = `${node.path} is linked to a directory that was not moved`;
        this.#note({ code: "relocated", detail, offset: node.flagsOffset });
        continue;
      }
      node.children = real.children;
      node.extents = real.extents;
      node.size = real.size;
      node.flags = real.flags;
      const siblings = real.parent?.children ?? [];
      siblings.splice(siblings.indexOf(real), 1);
    }
    if (this.#links.length === 0) return;
    for (const node of nodesOf(root)) {
      for (const child of node.children) child.path = childPath(node, child.name);
    }
  }

  #note(problem: Problem): void {
    this.#log.note(problem);
  }
}

function rootNode(descriptor: VolumeDescriptor): IsoNode {
  const record = descriptor.offset + 156;
  return {
    path: "/",
    name: "",
    kind: "directory",
    extents: [descriptor.root],
    size: descriptor.root.size,
    flags: FLAG.directory,
    target: undefined,
    parent: undefined,
    children: [],
    nameSpans: [],
    flagsOffset: record + 25,
    identifier: "",
    identifierSpan: { start: record + 33, length: 1 },
  };
}

function makeNode({ record, rockRidge, extents }: DirectoryEntry, parent: IsoNode): IsoNode {
  const name = rockRidge?.name === undefined ? plainName(record.identifier) : textOf(rockRidge.name);
  const identifierSpan = { start: record.identifierOffset, length: record.identifierLength };
  const type = rockRidge?.mode === undefined ? "file" : fileTypeOf(rockRidge.mode);
  const isDirectory = (record.flags & FLAG.directory) !== 0 || rockRidge?.childLink !== undefined;
  return {
    path: childPath(parent, name),
    name,
    kind: isDirectory ? "directory" : type === "directory" ? "file" : type,
    extents,
    size: extents.reduce((sum, extent) => sum + extent.size, 0),
    flags: record.flags,
    target: rockRidge?.target,
    parent,
    children: [],
    nameSpans: rockRidge?.nameSpans ?? [identifierSpan],
    flagsOffset: record.offset + 25,
    identifier: record.identifier,
    identifierSpan,
  };
}

function childPath(parent: IsoNode, name: string): string {
  return parent.path === "/" ? `/${name}` : `${parent.path}/${name}`;
}

/** An ISO 9660 or Joliet name without the version and an empty extension (ECMA-119, 7.5). */
function plainName(identifier: string): string {
  return identifier.replace(/;\d+$/, "").replace(/\.$/, "");
}
