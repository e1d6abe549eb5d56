/** The sizes of everything on an ISO. */

import { PlatterError } from "../base/error.ts";
import { latin1 } from "../bytes/fields.ts";
import type { ByteSource } from "../files/byte-source.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { readDirectoryTree } from "../iso/read/directory-tree.ts";
import { readGpt } from "../iso/read/gpt.ts";
import { type IsoNode, nodeSource } from "../iso/read/iso-node.ts";
import { readVolumeDescriptors } from "../iso/read/volume-descriptors.ts";
import { ESP_TYPE } from "../iso-format/gpt.ts";
import { BLOCK, SECTOR } from "../iso-format/units.ts";
import { type RootfsSizes, rootfsSizes } from "./rootfs-sizes.ts";
import { folderNode, type SizeNode, structureNode } from "./size-node.ts";

export interface IsoSizes {
  /** Bytes of the ISO. */
  size: number;
  /** Everything on the ISO: its files, the files of each squashfs in it, and its structures. */
  root: SizeNode;
  /** The file systems in files of the ISO, by their paths on the ISO. */
  rootfs: (RootfsSizes & { path: string })[];
}

/**
 * Reads an ISO. `image` is the image from which platter made it.
 * @throws PlatterError `E_ISO_NO_VOLUME`, `E_SIZES`
 */
export async function isoSizes(source: ByteSource, image: ImageTree | undefined): Promise<IsoSizes> {
  const { primary } = (await readVolumeDescriptors(source)).value;
  const tree = primary && (await readDirectoryTree(source, primary)).value;
  if (tree === undefined) throw noVolume();
  const rootfs: IsoSizes["rootfs"] = [];
  const sectors = new Set<number>();
  const nodeOf = async (node: IsoNode): Promise<SizeNode> => {
    const { name } = node;
    if (node.kind === "directory") return folderNode({ name, kind: "folder" }, await nodesOf(node.children));
    const start = node.extents[0]?.lba;
    const isFile = node.kind === "file" && node.size > 0 && start !== undefined;
    // Several names may belong to one content.
    const counts = isFile && sectors.size !== sectors.add(start).size;
    const bytes = counts ? node.size : 0;
    const content = nodeSource(source, node);
    if (!counts || latin1(await content.read(0, 4)) !== "hsqs") {
      return { name, kind: "file", bytes, size: bytes, files: 1, children: [] };
    }
    const sizes = await rootfsSizes(content, { name, path: node.path, image });
    rootfs.push({ ...sizes, path: node.path });
    return sizes.node;
  };
  const nodesOf = async (nodes: readonly IsoNode[]) => {
    const found: SizeNode[] = [];
    for (const node of nodes) found.push(await nodeOf(node));
    return found;
  };
  const files = await nodesOf(tree.root.children);
  const esp = await espSize(source, sectors);
  const rest = source.size - esp - files.reduce((sum, { bytes }) => sum + bytes, 0);
  const structures = [
    ...(esp === 0 ? [] : [structureNode("EFI system partition", esp)]),
    structureNode("directories, partition tables and padding", rest),
  ];
  const root = folderNode({ name: "", kind: "folder" }, [...files, ...structures]);
  return { size: source.size, root, rootfs };
}

/** Bytes of the EFI system partition of the GPT. 0 without one, or if it is a file of the ISO. */
async function espSize(source: ByteSource, sectors: ReadonlySet<number>): Promise<number> {
  const { value: gpt } = await readGpt(source, { announced: false });
  const partition = gpt?.partitions.find(({ type }) => type === ESP_TYPE);
  if (partition === undefined || sectors.has((partition.first * BLOCK) / SECTOR)) return 0;
  return (partition.last + 1 - partition.first) * BLOCK;
}

function noVolume(): PlatterError {
  return new PlatterError({
    code: "E_ISO_NO_VOLUME",
    kind: "media",
    message: "Cannot read the files of the ISO: it has no ISO 9660 volume",
    hint: "Check the ISO with `platter verify`.",
  });
}
