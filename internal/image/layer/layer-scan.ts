import type { BytePath } from "../../bytes/byte-path.ts";
import type { ByteRange } from "../../bytes/byte-range.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { TarDialect } from "../../tar/member.ts";
import { tarError } from "../../tar/tar-error.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import { explained, type Layer } from "../decompress/layer.ts";
import { LayerDecompressor, type PlainLayer } from "../decompress/layer-decompressor.ts";
import type { Locator } from "../image-tree.ts";
import { LARGEST_PIECE } from "../open-options.ts";
import type { TableNode } from "../table/table-node.ts";
import { ContentRanges, layerOf, memberLocator, ordinalOf } from "./content-ranges.ts";
import type { Spool } from "./spool.ts";
import { TreeBuilder } from "./tree-builder.ts";

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
  signal: AbortSignal;
}

/**
 * Reads every layer once, from the lowest up: checks it, merges it, and keeps the captured contents, unless they can be
 * read in place. The caller must dispose of the ranges.
 */
export async function scanLayers(layers: readonly Layer[], options: ScanOptions): Promise<LayerScan> {
  const { memory, signal } = options;
  const ranges = new ContentRanges();
  const decompressor = new LayerDecompressor({ memory, signal });
  // All layers are decompressed while the lower ones are read.
  const plain = layers.map(async (layer, index) => {
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

async function mergeLayers(
  layers: readonly Layer[],
  options: ScanOptions & { ranges: ContentRanges; plain: readonly Promise<PlainLayer | undefined>[] },
): Promise<LayerScan> {
  const { dialect, signal, ranges, plain } = options;
  const builder = new TreeBuilder(dialect);
  const captured = new Map<Locator, ByteRange>();
  let holes = 0;
  for (const [index, layer] of layers.entries()) {
    const tree = builder.layer(layer.name);
    const tar = await plain[index];
    try {
      const stream = tar === undefined ? layer.open() : new RangeStream(tar, signal);
      await using reader = new TarReader(stream, { archive: layer.name, dialect });
      for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
        const locator = memberLocator(index, member.ordinal);
        const node = tree.add(member, locator);
        if (member.sparse) holes += member.size;
        if (holes > MAX_HOLES) throw tooManyHoles(layer.name);
        if (node === 0 || member.size === 0) continue;
        if (tar !== undefined && !member.sparse) ranges.put(locator, member.contentOffset);
        else if (member.size <= LARGEST_PIECE && options.capture(builder.table.path(node))) {
          captured.set(locator, await options.spool.add(reader.content(), member.size));
        }
      }
      await reader.drain();
      if (tar !== undefined && !(await tar.isRight)) await layer.verify();
    } catch (error) {
      throw await explained(error, layer);
    }
    builder.merge(tree);
  }
  const scan = { root: builder.finish(), captured, ranges };
  await captureLinked(scan, layers, options);
  return scan;
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
