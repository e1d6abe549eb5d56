/** A sample of the SELinux labels in a squashfs (squashfs.rst, "Inodes", "Extended attributes"). */
import { viewOf } from "../bytes/fields.ts";
import type { ProblemLog } from "../bytes/problem-log.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { METADATA_SIZE, NO_INDEX, type Reference } from "../squashfs/blocks/format.ts";
import { printable } from "../text/printable.ts";
import type { LabelSample, SquashfsSuperblock, SquashfsTables } from "./squashfs-facts.ts";
import { MetadataReader } from "./squashfs-metadata.ts";

/** Inodes that are looked at besides the root, evenly over all. */
const SAMPLES = 64;
const NAME = "selinux";
/** squashfs's number for attributes whose name begins with `security.`. */
const SECURITY = 2;
/** The value is somewhere else. */
const ELSEWHERE = 0x100;
/** Bytes of all attributes of an inode that are read. */
const MOST = 1024 * 1024;
const HEAD = 16;
/** Bytes after the head up to the place of the extended attributes, by the type of an inode. */
const XATTR_AT: Readonly<Record<number, number>> = { 8: 20, 9: 36, 11: 8, 12: 8, 13: 4, 14: 4 };
const SYMLINK = 10;
const CONTEXT = /^[^:\0]+:[^:\0]+:[^:\0]+(?::[^\0]*)?\0$/;

/**
 * Looks at the labels of the root directory and of some inodes. Undefined if the squashfs does not have attributes, or is
 * compressed in a way that platter does not read.
 */
export async function sampleLabels(
  source: ByteSource,
  {
    superblock,
    tables,
    root,
    log,
    name,
  }: {
    superblock: SquashfsSuperblock;
    tables: SquashfsTables;
    root: Reference;
    log: ProblemLog;
    name: string;
  },
): Promise<LabelSample | undefined> {
  const metadata = MetadataReader.open(source, superblock.compressor);
  if (tables.xattr === undefined || metadata === undefined) return undefined;
  const reader = new LabelReader(source, { metadata, tables, xattr: tables.xattr });
  try {
    const places = [root, ...(await reader.samplePlaces(superblock.inodes))];
    const labels = [];
    for (const place of places) labels.push(await reader.labelAt(place));
    const wrong = labels.find((label) => label !== undefined && !CONTEXT.test(label));
    const note = (detail: string) => log.note({ code: "squashfs-labels", detail: `${name} ${detail}` });
    if (wrong !== undefined) note(`has the label \`${printable(wrong)}\`, which is not a context`);
    const labelled = labels.filter((label) => label !== undefined).length;
    if (labelled > 0 && labels[0] === undefined) note("has SELinux labels, but not at its root directory");
    return { root: labels[0]?.replace(/\0$/, ""), inodes: labels.length, labelled };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    log.note({
      code: "squashfs-labels",
      detail: `${name} has extended attributes that cannot be read: ${error.message}`,
    });
    return undefined;
  }
}

interface Place {
  /** Byte offset of the block from the first block of the table. */
  block: number;
  at: number;
}

class LabelReader {
  readonly #source: ByteSource;
  readonly #metadata: MetadataReader;
  readonly #tables: SquashfsTables;
  readonly #xattr: number;
  /** Labels by the number of the set of attributes. */
  readonly #labels = new Map<number, string | undefined>();

  constructor(
    source: ByteSource,
    { metadata, tables, xattr }: { metadata: MetadataReader; tables: SquashfsTables; xattr: number },
  ) {
    this.#source = source;
    this.#metadata = metadata;
    this.#tables = tables;
    this.#xattr = xattr;
  }

  /** Places of inodes, evenly over their numbers; empty without the table that has them. */
  async samplePlaces(inodes: number): Promise<Place[]> {
    const { exported } = this.#tables;
    if (exported === undefined) return [];
    const places: Place[] = [];
    const step = Math.max(1, Math.floor(inodes / SAMPLES));
    for (let inode = 0; inode < inodes; inode += step) {
      places.push(placeOf(await this.#entry({ table: exported, index: inode, size: 8 })));
    }
    return places;
  }

  /** The label of an inode, with its NUL; undefined without a label. */
  async labelAt({ block, at }: Place): Promise<string | undefined> {
    const place = this.#tables.inode + block;
    const read = (from: number, length: number) => this.#metadata.read(place, { at: at + from, length });
    const type = (await read(0, 2)).readUInt16LE(0);
    const symlink = type === SYMLINK ? 8 + (await read(HEAD + 4, 4)).readUInt32LE(0) : undefined;
    const offset = symlink ?? XATTR_AT[type];
    if (offset === undefined) return undefined;
    const number = (await read(HEAD + offset, 4)).readUInt32LE(0);
    if (number === NO_INDEX) return undefined;
    if (!this.#labels.has(number)) this.#labels.set(number, await this.#labelOfSet(number));
    return this.#labels.get(number);
  }

  async #labelOfSet(number: number): Promise<string | undefined> {
    const header = viewOf(Uint8Array.from(await this.#source.read(this.#xattr, 16)));
    const start = Number(header.getBigUint64(0, true));
    if (number >= header.getUint32(8, true))
      throw new RangeError("an inode names attributes that do not exist");
    const entry = await this.#entry({ table: this.#xattr + 16, index: number, size: 16 });
    const count = entry.readUInt32LE(8);
    const place = placeOf(entry);
    const read = (from: number, length: number) =>
      this.#metadata.read(start + place.block, { at: place.at + from, length });
    for (let index = 0, offset = 0; index < count && offset < MOST; index++) {
      const head = await read(offset, 4);
      const [type, nameLength] = [head.readUInt16LE(0), head.readUInt16LE(2)];
      const name = (await read(offset + 4, nameLength)).toString("latin1");
      const valueAt = offset + 8 + nameLength;
      const length = (await read(valueAt - 4, 4)).readUInt32LE(0);
      if (length > MOST) throw new RangeError("an attribute is too large");
      if ((type & 0xff) === SECURITY && name === NAME) {
        const value = await read(valueAt, length);
        return (type & ELSEWHERE) === 0 ? value.toString("latin1") : this.#valueElsewhere(start, value);
      }
      offset = valueAt + length;
    }
    return undefined;
  }

  async #valueElsewhere(start: number, reference: Buffer): Promise<string> {
    const { block, at } = placeOf(reference);
    const length = (await this.#metadata.read(start + block, { at, length: 4 })).readUInt32LE(0);
    if (length > MOST) throw new RangeError("an attribute is too large");
    const whole = await this.#metadata.read(start + block, { at, length: 4 + length });
    return whole.toString("latin1", 4);
  }

  /** An entry of a table that a list of places of blocks leads to. */
  async #entry({ table, index, size }: { table: number; index: number; size: number }): Promise<Buffer> {
    const perBlock = METADATA_SIZE / size;
    const bytes = Uint8Array.from(await this.#source.read(table + 8 * Math.floor(index / perBlock), 8));
    if (bytes.length < 8) throw new RangeError("a list of places is cut off");
    const place = Number(viewOf(bytes).getBigUint64(0, true));
    return this.#metadata.read(place, { at: (index % perBlock) * size, length: size });
  }
}

/** A reference: the block's place above, and the offset in the block in the lower 16 bits. */
function placeOf(entry: Buffer): Place {
  const reference = entry.readBigUInt64LE(0);
  return { block: Number(reference >> 16n), at: Number(reference & 0xffffn) };
}
