/** The sizes of a squashfs: by folder, by package, and by layer of the image. */
import type { ByteSource } from "../files/byte-source.ts";
import type { ImageTree, TreeNode } from "../image/image-tree.ts";
import type { StoredInode } from "../reuse/stored-inode.ts";
import { packageDatabases, packageOfInodes } from "./packages.ts";
import { folderNode, type SizeNode } from "./size-node.ts";
import { SquashfsFile } from "./squashfs-file.ts";
import type { StoredNode } from "./squashfs-names.ts";
import { storedBytes } from "./stored-bytes.ts";

/** The files of a package or a layer, taken together. */
export interface GroupSize {
  /** Bytes on the ISO. */
  bytes: number;
  /** Bytes of content before compression. */
  size: number;
  files: number;
}

export interface PackageSize extends GroupSize {
  /** Undefined for all files that do not belong to a package. */
  name: string | undefined;
}

export interface LayerSize extends GroupSize {
  /** Number of the layer, from 0 for the lowest. Undefined for files that are in no layer. */
  layer: number | undefined;
}

export interface RootfsSizes {
  node: SizeNode;
  /** The largest first. Undefined if the root file system has no database of packages. */
  packages: PackageSize[] | undefined;
  /** In their order. Undefined without an image with layers. */
  layers: LayerSize[] | undefined;
  /** Why a database of packages was not read. */
  problems: string[];
}

/**
 * Reads a squashfs. `image` is the image from which it was made.
 * @throws PlatterError `E_SIZES`
 */
export async function rootfsSizes(
  source: ByteSource,
  { name, path, image }: { name: string; path: string; image: ImageTree | undefined },
): Promise<RootfsSizes> {
  const file = await SquashfsFile.open(source, path);
  const bytes = storedBytes(file);
  const databases = await packageDatabases(file);
  const packageOf = packageOfInodes(file, databases);
  const known = databases.some(({ packages }) => packages.length > 0);
  const packages = known ? groups(bytes, (inode) => packageOf.get(inode)) : undefined;
  const layerOf = image && layersOf(file.root, image);
  const layers = layerOf && groups(bytes, (inode) => layerOf.get(inode));
  return {
    node: sizeNode(file.root, { name, bytes, length: source.size }),
    packages: packages
      ?.map(({ key, ...group }) => ({ name: key, ...group }))
      .sort((a, b) => b.bytes - a.bytes || ((a.name ?? "") < (b.name ?? "") ? -1 : 1)),
    layers: layers
      ?.map(({ key, ...group }) => ({ layer: key, ...group }))
      .sort((a, b) => (a.layer ?? -1) - (b.layer ?? -1)),
    problems: databases.flatMap(({ path, problem }) =>
      problem === undefined ? [] : [`/${path}: ${problem}`],
    ),
  };
}

/** Sums of the files with the same key. */
function groups<K>(
  bytes: ReadonlyMap<StoredInode, number>,
  keyOf: (inode: StoredInode) => K,
): (GroupSize & { key: K })[] {
  const found = new Map<K, GroupSize & { key: K }>();
  for (const [inode, stored] of bytes) {
    if (inode.type !== "file") continue;
    const key = keyOf(inode);
    const group = found.get(key) ?? { key, bytes: 0, size: 0, files: 0 };
    group.bytes += stored;
    group.size += inode.size;
    group.files++;
    found.set(key, group);
  }
  return [...found.values()];
}

/** The layer of each file's content. Undefined if the image does not have layers. */
function layersOf(root: StoredNode, image: ImageTree): Map<StoredInode, number> | undefined {
  if (image.layerOf === undefined) return undefined;
  const layers = new Map<StoredInode, number>();
  const queue: [StoredNode, TreeNode][] = [[root, image.root]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [stored, node] = next;
    const layer = stored.inode.type === "file" ? image.layerOf(node.inode) : undefined;
    if (layer !== undefined) layers.set(stored.inode, layer);
    for (const [name, child] of stored.children ?? []) {
      const original = node.children?.get(name);
      if (original !== undefined) queue.push([child, original]);
    }
  }
  return layers;
}

function sizeNode(
  root: StoredNode,
  { name, bytes, length }: { name: string; bytes: ReadonlyMap<StoredInode, number>; length: number },
): SizeNode {
  const counted = new Set<StoredInode>();
  const nodeOf = (node: StoredNode): SizeNode => {
    const { name, inode, children } = node;
    if (children !== undefined)
      return folderNode({ name, kind: "folder" }, [...children.values()].map(nodeOf));
    const first = !counted.has(inode);
    counted.add(inode);
    const size = first && inode.type === "file" ? inode.size : 0;
    return { name, kind: "file", bytes: first ? (bytes.get(inode) ?? 0) : 0, size, files: 1, children: [] };
  };
  const { children } = nodeOf(root);
  const stored = children.reduce((total, child) => total + child.bytes, 0);
  return folderNode({ name, kind: "squashfs", own: length - stored }, [...children]);
}
