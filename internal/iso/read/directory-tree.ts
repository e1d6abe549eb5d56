/** The tree of one volume descriptor: ISO 9660 with Rock Ridge, or Joliet (ECMA-119, 6.8, 9.1; RRIP 1.12). */
import type { ByteSource } from "./byte-source.ts";
import { type DirectoryRecord, FLAG, readDirectoryRecord } from "./directory-record.ts";
import { isZero, shown, textOf } from "./fields.ts";
import { Findings, type Reading } from "./findings.ts";
import type { IsoNode } from "./iso-node.ts";
import { fileTypeOf, type RockRidge, readRockRidge } from "./rock-ridge.ts";
import { type Extent, SECTOR, type VolumeDescriptor } from "./volume-descriptors.ts";

export interface IsoTree {
  root: IsoNode;
  /** Whether the names are Rock Ridge's. */
  rockRidge: boolean;
  /** Every directory as ISO 9660 has it, before Rock Ridge moves any. */
  directories: readonly IsoNode[];
}

const MAX_NODES = 500_000;
const MAX_DEPTH = 200;
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
const MAX_TOTAL_BYTES = 96 * 1024 * 1024;

/** Reads the whole tree. `base` is where this volume begins in the whole ISO. */
export async function readDirectoryTree(
  source: ByteSource,
  descriptor: VolumeDescriptor,
  options: { base?: number } = {},
): Promise<Reading<IsoTree>> {
  const findings = new Findings(options.base ?? 0);
  const tree = await new TreeReader(source, descriptor, findings).read();
  return findings.reading(tree);
}

/** A record with what Rock Ridge says of it. */
interface Entry {
  record: DirectoryRecord;
  rockRidge: RockRidge | undefined;
  extents: Extent[];
}

class TreeReader {
  readonly #source: ByteSource;
  readonly #descriptor: VolumeDescriptor;
  readonly #findings: Findings;
  readonly #byExtent = new Map<number, IsoNode>();
  readonly #links: { node: IsoNode; lba: number }[] = [];
  readonly #relocated = new Set<IsoNode>();
  #skip: number | undefined;
  #nodes = 1;
  #bytes = 0;

  constructor(source: ByteSource, descriptor: VolumeDescriptor, findings: Findings) {
    this.#source = source;
    this.#descriptor = descriptor;
    this.#findings = findings;
  }

  async read(): Promise<IsoTree> {
    const { root: extent } = this.#descriptor;
    const root: IsoNode = {
      path: "/",
      name: "",
      kind: "directory",
      extents: [extent],
      size: extent.size,
      flags: FLAG.directory,
      target: undefined,
      parent: undefined,
      children: [],
      nameSpans: [],
      flagsOffset: this.#descriptor.offset + 156 + 25,
      identifier: "",
      identifierSpan: { offset: this.#descriptor.offset + 156 + 33, length: 1 },
    };
    const queue = [root];
    this.#byExtent.set(extent.lba, root);
    for (const directory of queue) {
      if (!this.#findings.isFull) queue.push(...(await this.#readDirectory(directory)));
    }
    this.#moveRelocated();
    return { root, rockRidge: this.#skip !== undefined, directories: queue };
  }

  /** Reads one directory's records; gives its subdirectories. */
  async #readDirectory(directory: IsoNode): Promise<IsoNode[]> {
    const entries = await this.#readEntries(directory);
    const subdirectories: IsoNode[] = [];
    for (const entry of entries) {
      if (++this.#nodes > MAX_NODES) {
        this.#findings.note({ code: "too-many-files", detail: `has over ${MAX_NODES} files` });
        break;
      }
      const node = this.#nodeFor(entry, directory);
      directory.children.push(node);
      if (node.kind !== "directory" || entry.rockRidge?.childLink !== undefined) continue;
      const lba = entry.record.extent.lba;
      const known = this.#byExtent.get(lba);
      if (known !== undefined) {
        this.#note(
          "directory-loop",
          `${this.#what(node)} is the same directory as ${known.path}`,
          entry.record.offset,
        );
        continue;
      }
      if (node.path.split("/").length > MAX_DEPTH) {
        this.#note("too-deep", `has directories nested over ${MAX_DEPTH} deep`, entry.record.offset);
        continue;
      }
      this.#byExtent.set(lba, node);
      subdirectories.push(node);
    }
    return subdirectories;
  }

  async #readEntries(directory: IsoNode): Promise<Entry[]> {
    const { lba, size } = directory.extents[0]!;
    const offset = lba * SECTOR;
    if (size === 0 || size % SECTOR !== 0) {
      this.#note(
        "directory-size",
        `${this.#what(directory)} has a size of ${size} bytes`,
        directory.flagsOffset - 15,
      );
    }
    const wanted = Math.min(size, MAX_DIRECTORY_BYTES, MAX_TOTAL_BYTES - this.#bytes);
    if (wanted < size)
      this.#note("directory-size", `${this.#what(directory)} is too large to be read`, offset);
    const bytes = await this.#source.read(offset, wanted);
    this.#bytes += bytes.length;
    if (bytes.length < wanted)
      this.#note("directory-cut-off", `ends within ${this.#what(directory)}`, offset);
    if (!looksLikeDirectory(bytes)) {
      // What follows would be anything, and reading it as records might take very long.
      this.#note("directory-dots", `${this.#what(directory)} does not begin with \`.\` or \`..\``, offset);
      return [];
    }
    const entries: Entry[] = [];
    let index = 0;
    for (let at = 0; at < bytes.length && !this.#findings.isFull; ) {
      const length = bytes[at]!;
      const sectorEnd = Math.min(bytes.length, at - (at % SECTOR) + SECTOR);
      if (length === 0) {
        this.#findings.covers({
          name: `${this.#what(directory)}: unused end`,
          offset: offset + at,
          length: sectorEnd - at,
        });
        if (!isZero(bytes.subarray(at, sectorEnd))) {
          this.#note(
            "directory-end",
            `${this.#what(directory)} has something behind its last record`,
            offset + at,
          );
        }
        at = sectorEnd;
        continue;
      }
      if (at + length > sectorEnd) {
        this.#note(
          "directory-record",
          `${this.#what(directory)} has a record over the end of a sector`,
          offset + at,
        );
        at = sectorEnd;
        continue;
      }
      const place = { bytes: bytes.subarray(at, at + length), offset: offset + at, index };
      const entry = await this.#readEntry(directory, place);
      if (entry !== undefined && index >= 2) this.#append(entries, entry);
      index++;
      at += length;
    }
    if (index < 2)
      this.#note("directory-dots", `${this.#what(directory)} does not begin with \`.\` and \`..\``, offset);
    const open = entries.findLast(
      (entry) => (entry.record.flags & FLAG.multiExtent) !== 0 && this.#isOpen(entry),
    );
    if (open !== undefined)
      this.#note("multi-extent", `${this.#what(directory)} has a file without its last part`, offset);
    return entries;
  }

  async #readEntry(
    directory: IsoNode,
    place: { bytes: Uint8Array; offset: number; index: number },
  ): Promise<Entry | undefined> {
    const findings = this.#findings;
    const { bytes, offset, index } = place;
    const special = [".", ".."][index];
    const own = special ?? shown(`record ${index}`);
    const name = `${own} of ${this.#what(directory)}`;
    const encoding = this.#descriptor.kind === "joliet" ? "ucs2" : "latin1";
    const record = readDirectoryRecord({ bytes, offset, name }, { encoding, findings });
    if (record === undefined) return undefined;
    if (special !== undefined) this.#checkDot(directory, { record, special });
    const rockRidge = await this.#readSystemUse(directory, { record, name, index });
    return { record, rockRidge, extents: [record.extent] };
  }

  async #readSystemUse(
    directory: IsoNode,
    { record, name, index }: { record: DirectoryRecord; name: string; index: number },
  ): Promise<RockRidge | undefined> {
    if (this.#descriptor.kind === "joliet") return undefined;
    const isRootDot = directory.parent === undefined && index === 0;
    if (!isRootDot && this.#skip === undefined) return undefined;
    // CD-ROM XA puts 14 bytes in front, which `SP` tells others to skip but is itself behind.
    const { bytes, offset } = record.systemUse;
    const skip = isRootDot ? 0 : (this.#skip ?? 0);
    if (isRootDot && bytes.length === 0) return undefined;
    const area = { bytes: bytes.subarray(skip), offset: offset + skip };
    const found = await readRockRidge(this.#source, area, { name, findings: this.#findings });
    if (isRootDot) this.#skip = found.skip;
    if (isRootDot && found.skip === undefined) this.#note("rock-ridge", `${name} has no SP entry`, offset);
    if (isRootDot && (found.skip ?? 0) > 0)
      this.#note("rock-ridge", `${name} says to skip ${found.skip} bytes`, offset + 6);
    if (found.mode === undefined && found.childLink === undefined) {
      this.#note("rock-ridge", `${name} has no PX entry`, offset);
    }
    return found;
  }

  /** `.` is the directory itself, `..` its parent (ECMA-119, 6.8.2.2); in Joliet, libisofs repeats itself for both. */
  #checkDot(directory: IsoNode, { record, special }: { record: DirectoryRecord; special: string }): void {
    const isSelf = special === ".";
    const parent = directory.parent ?? directory;
    const meant = isSelf ? [directory] : this.#descriptor.kind === "joliet" ? [parent, directory] : [parent];
    this.#findings.covers({
      name: `${special} of ${this.#what(directory)}: name`,
      offset: record.identifierOffset,
      length: 1,
    });
    const { lba, size } = record.extent;
    const named =
      record.identifier === (isSelf ? "" : "\x01") && (record.flags & ~FLAG.hidden) === FLAG.directory;
    const placed = meant.some(({ extents: [first] }) => first?.lba === lba && first.size === size);
    if (named && placed) return;
    this.#note("directory-dots", `${this.#what(directory)} has a wrong \`${special}\``, record.offset);
  }

  /** Parts of one file follow each other and all but the last are marked (ECMA-119, 9.1.6). */
  #append(entries: Entry[], entry: Entry): void {
    const previous = entries.at(-1);
    if (previous === undefined || !this.#isOpen(previous)) {
      entries.push(entry);
      return;
    }
    if (previous.record.identifier !== entry.record.identifier) {
      this.#note("multi-extent", "has a file whose next part has another name", entry.record.offset);
      entries.push(entry);
      return;
    }
    previous.extents.push(entry.record.extent);
    previous.record = { ...entry.record, extent: previous.extents[0]! };
  }

  #isOpen(entry: Entry): boolean {
    return (entry.record.flags & FLAG.multiExtent) !== 0;
  }

  #nodeFor({ record, rockRidge, extents }: Entry, parent: IsoNode): IsoNode {
    const name = rockRidge?.name === undefined ? plainName(record.identifier) : textOf(rockRidge.name);
    const isDirectory = (record.flags & FLAG.directory) !== 0;
    const type = rockRidge?.mode === undefined ? undefined : fileTypeOf(rockRidge.mode);
    const linked = rockRidge?.childLink !== undefined;
    const kind =
      isDirectory || linked ? "directory" : type === "symlink" || type === "special" ? type : "file";
    const node: IsoNode = {
      path: parent.path === "/" ? `/${name}` : `${parent.path}/${name}`,
      name,
      kind,
      extents,
      size: extents.reduce((sum, extent) => sum + extent.size, 0),
      flags: record.flags,
      target: rockRidge?.target,
      parent,
      children: [],
      nameSpans: rockRidge?.nameSpans ?? [
        { offset: record.identifierOffset, length: record.identifierLength },
      ],
      flagsOffset: record.offset + 25,
      identifier: record.identifier,
      identifierSpan: { offset: record.identifierOffset, length: record.identifierLength },
    };
    if (type !== undefined && !linked && (type === "directory") !== isDirectory) {
      this.#note("file-type", `${this.#what(node)} is and is not a directory`, node.flagsOffset);
    }
    if (kind === "file" && record.extent.size > 0) this.#checkBounds(node);
    if (rockRidge?.childLink !== undefined) this.#links.push({ node, lba: rockRidge.childLink });
    if (rockRidge?.relocated === true) this.#relocated.add(node);
    return node;
  }

  #checkBounds(node: IsoNode): void {
    for (const { lba, size } of node.extents) {
      if (lba * SECTOR + size <= this.#source.size) continue;
      this.#note("file-cut-off", `ends before ${node.path} does`, node.flagsOffset - 23);
      return;
    }
  }

  /** RRIP 1.12, 4.1.5: a directory too deep for ISO 9660 is kept elsewhere, and `CL` says where. */
  #moveRelocated(): void {
    for (const { node, lba } of this.#links) {
      const real = this.#byExtent.get(lba);
      if (real === undefined) {
        this.#note(
          "relocated",
          `${node.path} is linked to a directory that does not exist`,
          node.flagsOffset,
        );
        continue;
      }
      node.children = real.children;
      node.extents = real.extents;
      node.size = real.size;
    }
    if (this.#links.length === 0) return;
    for (const node of this.#relocated) {
      const siblings = node.parent?.children ?? [];
      const index = siblings.indexOf(node);
      if (index >= 0) siblings.splice(index, 1);
    }
  }

  #what(node: IsoNode): string {
    const which = this.#descriptor.kind === "joliet" ? "Joliet's " : "";
    return `${which}${shown(node.path)}`;
  }

  #note(code: string, detail: string, offset: number): void {
    this.#findings.note({ code, detail, offset });
  }
}

/** Whether one of the first two records, which have the same length or nearly so, is named as it should. */
function looksLikeDirectory(bytes: Uint8Array): boolean {
  const isDot = (at: number, identifier: number) => bytes[at + 32] === 1 && bytes[at + 33] === identifier;
  return isDot(0, 0) || isDot(bytes[0] ?? 0, 1);
}

/** An ISO 9660 or Joliet name without the version and an empty extension (ECMA-119, 7.5). */
function plainName(identifier: string): string {
  return identifier.replace(/;\d+$/, "").replace(/\.$/, "");
}
