import { type LayerMarks, Mark } from "../image/layer/layer-marks.ts";
import type { TreeTable } from "../image/table/tree-table.ts";

/** A layer's files, and its marks about older layers. */
interface MarkedLayer {
  /** The folder that holds the files. */
  root: number;
  marks: LayerMarks;
}

const OPAQUE = "trusted.overlay.opaque";
const YES = Buffer.from("y");

/** Whether a layer removes files of older layers, and so needs overlayfs's whiteouts and opaque folders. */
export function hidesAnything(table: TreeTable, { root, marks }: MarkedLayer): boolean {
  for (const node of nodesBelow(table, root)) {
    if (marks.has(node, Mark.whiteout) || isOpaque(table, node, marks)) return true;
  }
  return false;
}

/** Merges a layer into a folder, as new names for the layer's own inodes. The layer itself does not change. */
export function addOnTop(table: TreeTable, folder: number, layer: MarkedLayer): void {
  const { root, marks } = layer;
  if (marks.has(root, Mark.opaque)) {
    for (let child = table.first(folder); child !== 0; child = table.first(folder)) table.remove(child);
  }
  for (let child = table.first(root); child !== 0; child = table.next(child)) {
    const name = table.name(child);
    const old = table.child(folder, name);
    const isFolder = table.isDirectory(child) && !marks.has(child, Mark.whiteout);
    if (old !== 0 && isFolder && table.isDirectory(old) && !marks.has(child, Mark.replaced)) {
      if (!marks.has(child, Mark.implicit)) table.setInode(old, table.inode(child));
      addOnTop(table, old, { root: child, marks });
      continue;
    }
    if (old !== 0) table.remove(old);
    if (marks.has(child, Mark.whiteout)) continue;
    const inode = table.inode(child);
    if (!isFolder) table.inodes.addLinks(inode, 1);
    const copy = table.addChild(folder, name, inode);
    if (isFolder) addOnTop(table, copy, { root: child, marks });
  }
}

/**
 * Writes a layer's marks as overlayfs reads them (Linux, Documentation/filesystems/overlayfs.rst, "whiteouts and opaque
 * directories"): a character device 0:0 for a removed name, and an attribute for a folder that hides an older one.
 */
export function writeMarks(table: TreeTable, { root, marks }: MarkedLayer): void {
  const { inodes } = table;
  for (const node of nodesBelow(table, root)) {
    if (marks.has(node, Mark.whiteout)) {
      const nothing = { type: "character-device", mode: 0, uid: 0, gid: 0, mtime: 0, size: 0 } as const;
      const whiteout = inodes.add(nothing);
      inodes.setDevice(whiteout, 0, 0);
      table.setInode(node, whiteout);
    } else if (isOpaque(table, node, marks)) {
      const { type, mode, uid, gid, mtime, size, xattrs } = inodes.get(table.inode(node));
      const opaque = inodes.add({ type, mode, uid, gid, mtime, size });
      const all = [...(xattrs ?? []), [OPAQUE, YES] as const];
      inodes.setXattrs(opaque, new Map(all.sort(([a], [b]) => (a < b ? -1 : 1))));
      table.setInode(node, opaque);
    }
  }
}

function isOpaque(table: TreeTable, node: number, marks: LayerMarks): boolean {
  return table.isDirectory(node) && (marks.has(node, Mark.opaque) || marks.has(node, Mark.replaced));
}

/** A node and all below it. */
function nodesBelow(table: TreeTable, root: number): number[] {
  const nodes = [root];
  for (let i = 0; i < nodes.length; i++) {
    for (let child = table.first(nodes[i] as number); child !== 0; child = table.next(child))
      nodes.push(child);
  }
  return nodes;
}
