import type { BytePath } from "./byte-path.ts";
import { explained, type Layer } from "./layer.ts";
import type { Spool, SpoolSlot } from "./spool.ts";
import type { TableNode } from "./table-node.ts";
import type { TarDialect } from "./tar-member.ts";
import { TarReader } from "./tar-reader.ts";
import { TreeBuilder } from "./tree-builder.ts";

/** Where a file's content is: layer and ordinal of the tar member in one number, which costs no object. */
export function memberLocator(layer: number, ordinal: number): number {
  return layer * 2 ** 32 + ordinal;
}

export function layerOf(locator: number): number {
  return Math.floor(locator / 2 ** 32);
}

export function ordinalOf(locator: number): number {
  return locator % 2 ** 32;
}

export interface LayerScan {
  root: TableNode;
  /** Contents that `capture` asked for, by locator. */
  captured: Map<number, SpoolSlot>;
}

/** Reads every layer once, from the lowest up: checks it, merges it, and keeps the contents that are asked for. */
export async function scanLayers(
  layers: readonly Layer[],
  options: { dialect: TarDialect; capture: (path: BytePath) => boolean; spool: Spool },
): Promise<LayerScan> {
  const builder = new TreeBuilder(options.dialect);
  const captured = new Map<number, SpoolSlot>();
  for (const [index, layer] of layers.entries()) {
    const tree = builder.layer(layer.name);
    try {
      await using reader = new TarReader(layer.open(), { archive: layer.name, dialect: options.dialect });
      for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
        const locator = memberLocator(index, member.ordinal);
        const node = tree.add(member, locator);
        if (node === 0 || member.size === 0 || !options.capture(builder.table.path(node))) continue;
        captured.set(locator, await options.spool.keep(reader.content(), member.size));
      }
      await reader.drain();
    } catch (error) {
      throw await explained(error, layer);
    }
    builder.merge(tree);
  }
  const scan = { root: builder.finish(), captured };
  await captureLinked(scan, layers, options);
  return scan;
}

/**
 * Contents that only become wanted by a later hard link (ostree's layers link every file to its object) have passed
 * by then: the layers that hold them are read once more, up to the last of them.
 */
async function captureLinked(
  scan: LayerScan,
  layers: readonly Layer[],
  options: { dialect: TarDialect; capture: (path: BytePath) => boolean; spool: Spool },
): Promise<void> {
  const missing = new Map<number, Set<number>>();
  for (const inode of linkedInodes(scan.root, options.capture)) {
    const locator = scan.root.table.inodes.locator(inode) as number;
    if (scan.captured.has(locator)) continue;
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
      const slot = await options.spool.keep(reader.content(), member.size);
      scan.captured.set(memberLocator(index, member.ordinal), slot);
    }
  }
}

/** Inodes with several names, one of which is asked for. */
function* linkedInodes(root: TableNode, capture: (path: BytePath) => boolean): Generator<number> {
  const { table } = root;
  const pending = [root.number];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (let child = table.first(node); child !== 0; child = table.next(child)) pending.push(child);
    const inode = table.inode(node);
    if (table.inodes.links(inode) < 2 || table.inodes.size(inode) === 0 || table.isDirectory(node)) continue;
    if (capture(table.path(node))) yield inode;
  }
}
