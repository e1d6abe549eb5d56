import { collectGarbage } from "../../base/collect-garbage.ts";
import { throwIfAborted } from "../../base/interrupt.ts";
import type { OnBytes } from "../../base/progress.ts";
import type { BytePath } from "../../bytes/byte-path.ts";
import type { ByteRange } from "../../bytes/byte-range.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { TarDialect, TarMember } from "../../tar/member.ts";
import { tarError } from "../../tar/tar-error.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import { explained, type Layer } from "../decompress/layer.ts";
import { LayerDecompressor, type PlainLayer } from "../decompress/layer-decompressor.ts";
import type { Locator } from "../image-tree.ts";
import { LARGEST_PIECE } from "../open-options.ts";
import type { TableNode } from "../table/table-node.ts";
import type { TreeTable } from "../table/tree-table.ts";
import { ContentRanges, layerOf, memberLocator, ordinalOf } from "./content-ranges.ts";
import type { LayerTables } from "./layer-tables.ts";
import type { Spool } from "./spool.ts";
import { TreeBuilder } from "./tree-builder.ts";

/** Members of a table after which new objects are collected. */
const COLLECT_AFTER = 20_000;

/** The most bytes of all files with holes together, since a squashfs lists each block of a hole. */
const MAX_HOLES = 4 * 1024 ** 4;

export interface LayerScan {
  root: TableNode;
  /** Contents that `capture` selected, by locator. */
  captured: Map<Locator, ByteRange>;
  ranges: ContentRanges;
}

interface ScanOptions {
  dialect: TarDialect;
  capture: (path: BytePath) => boolean;
  spool: Spool;
  /** The most bytes of memory for decompressed layers. */
  memory: number;
  /** Tables of layers. Undefined if every layer is read, and none is kept. */
  tables: LayerTables | undefined;
  /** Called at intervals with the stored bytes that were read. */
  onRead?: OnBytes | undefined;
  signal: AbortSignal;
}

/**
 * Reads every layer once, from the lowest up: checks it, merges it, and keeps the captured contents, unless they can be
 * read in place. A layer with a table is merged by its table, and is not read. The caller must dispose of the ranges.
 */
export async function scanLayers(layers: readonly Layer[], options: ScanOptions): Promise<LayerScan> {
  for (;;) {
    try {
      return await scan(layers, options);
    } catch (error) {
      if (!(error instanceof UnusableTable)) throw error;
      // The layers are merged again, because a part of the table is in the tree.
      options.tables?.forget(error.layer);
    }
  }
}

/** The table of a layer that cannot be merged. */
class UnusableTable extends Error {
  constructor(readonly layer: number) {
    super(`the table of layer ${layer} cannot be merged`);
  }
}

async function scan(layers: readonly Layer[], options: ScanOptions): Promise<LayerScan> {
  const { memory, signal, tables, onRead } = options;
  const ranges = new ContentRanges();
  const decompressor = new LayerDecompressor({ memory, signal, onRead });
  // All layers are decompressed while the lower ones are read.
  const plain = layers.map(async (layer, index) => {
    if (tables?.isKnown(index)) return undefined;
    const tar = await layer.decompress(decompressor);
    if (tar !== undefined) ranges.add(index, tar);
    return tar;
  });
  const end = async () => {
    await decompressor[Symbol.asyncDispose]();
    await Promise.all(plain);
  };
  try {
    return await mergeLayers(layers, { ...options, ranges, plain }).finally(end);
  } catch (error) {
    ranges[Symbol.dispose]();
    throw error;
  }
}

type MergeOptions = ScanOptions & {
  ranges: ContentRanges;
  plain: readonly Promise<PlainLayer | undefined>[];
};

async function mergeLayers(layers: readonly Layer[], options: MergeOptions): Promise<LayerScan> {
  const builder = new TreeBuilder(options.dialect);
  const captured: LayerScan["captured"] = new Map();
  let holes = 0;
  for (const [index, layer] of layers.entries()) {
    const tree = builder.layer(layer.name);
    const add = (member: TarMember) => {
      if (member.sparse) holes += member.size;
      if (holes > MAX_HOLES) throw tooManyHoles(layer.name);
      return tree.add(member, memberLocator(index, member.ordinal));
    };
    const { table } = builder;
    if (options.tables?.isKnown(index)) addKnown(index, { tables: options.tables, add });
    else await addRead(layer, { ...options, index, add, table, captured });
    throwIfAborted(options.signal, "the reading of the image");
    builder.merge(tree);
  }
  const scan = { root: builder.finish(), captured, ranges: options.ranges };
  await captureLinked(scan, layers, options);
  return scan;
}

/** Adds the members in a layer's table. @throws UnusableTable */
function addKnown(
  index: number,
  { tables, add }: { tables: LayerTables; add: (member: TarMember) => number },
): void {
  try {
    let added = 0;
    for (const member of tables.members(index)) {
      add(member);
      // Without a turn of the event loop, the collector does not run often enough.
      if (++added % COLLECT_AFTER === 0) collectGarbage("new");
    }
  } catch {
    // If the layer itself is invalid, reading it reports the error.
    throw new UnusableTable(index);
  }
}

/** Reads a layer, adds its members, and keeps the captured contents. */
async function addRead(
  layer: Layer,
  options: MergeOptions & {
    index: number;
    add: (member: TarMember) => number;
    table: TreeTable;
    captured: LayerScan["captured"];
  },
): Promise<void> {
  const { index, add, table, captured, dialect, signal, ranges, tables } = options;
  const tar = await options.plain[index];
  try {
    const stream = tar === undefined ? layer.open() : new RangeStream(tar, signal);
    await using reader = new TarReader(stream, { archive: layer.name, dialect });
    const kept = tables?.writer(index);
    for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
      const node = add(member);
      kept?.add(member);
      if (node === 0 || member.size === 0) continue;
      const locator = memberLocator(index, member.ordinal);
      if (tar !== undefined && !member.sparse) ranges.put(locator, member.contentOffset);
      else if (member.size <= LARGEST_PIECE && options.capture(table.path(node))) {
        captured.set(locator, await options.spool.add(reader.content(), member.size));
      }
    }
    await reader.drain();
    if (tar !== undefined && !(await tar.isRight)) await layer.verify();
    if (kept !== undefined) tables?.add(index, kept);
  } catch (error) {
    throw await explained(error, layer);
  }
}

function tooManyHoles(layer: string): Error {
  const problem = `the image's files with holes have more than ${MAX_HOLES} bytes together`;
  return tarError("E_TAR_SIZE", layer, problem);
}

/**
 * A later hard link may make an earlier content wanted, since ostree's layers link every file to its object. The layers
 * of such contents are read again, up to the last of them.
 */
async function captureLinked(scan: LayerScan, layers: readonly Layer[], options: ScanOptions): Promise<void> {
  const missing = new Map<number, Set<number>>();
  for (const inode of linkedInodes(scan.root, options.capture)) {
    const locator = scan.root.table.inodes.locator(inode) as Locator;
    if (options.tables?.isKnown(layerOf(locator))) continue;
    if (scan.captured.has(locator) || scan.ranges.has(locator)) continue;
    const ordinals = missing.get(layerOf(locator)) ?? new Set();
    missing.set(layerOf(locator), ordinals.add(ordinalOf(locator)));
  }
  for (const [index, ordinals] of missing) {
    const layer = layers[index] as Layer;
    await using reader = new TarReader(layer.reopen(), { archive: layer.name, dialect: options.dialect });
    while (ordinals.size > 0) {
      const member = await reader.next();
      if (member === undefined) break;
      if (!ordinals.delete(member.ordinal)) continue;
      const slot = await options.spool.add(reader.content(), member.size);
      scan.captured.set(memberLocator(index, member.ordinal), slot);
    }
  }
}

/** Inodes with several names, of which `capture` selects one. */
function* linkedInodes(root: TableNode, capture: (path: BytePath) => boolean): Generator<number> {
  const { table } = root;
  const pending = [root.number];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (let child = table.first(node); child !== 0; child = table.next(child)) pending.push(child);
    const inode = table.inode(node);
    const size = table.inodes.size(inode);
    if (table.inodes.links(inode) < 2 || size === 0 || size > LARGEST_PIECE) continue;
    if (table.isDirectory(node)) continue;
    if (capture(table.path(node))) yield inode;
  }
}
