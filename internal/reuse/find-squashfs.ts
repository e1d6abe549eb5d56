/** Finds the squashfs in an ISO, or in a separate file. */
import type { ByteRange } from "../bytes/byte-range.ts";
import { latin1 } from "../bytes/fields.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { ROOTFS_PATH } from "../iso/iso-files.ts";
import { readDirectoryTree } from "../iso/read/directory-tree.ts";
import { findNode } from "../iso/read/iso-node.ts";
import { readVolumeDescriptors } from "../iso/read/volume-descriptors.ts";
import { type Extent, FIRST_DESCRIPTOR, SECTOR } from "../iso-format/units.ts";

/** The range of the squashfs. A string is the reason why the file does not have one. */
export async function findSquashfs(source: ByteSource): Promise<ByteRange | string> {
  if (latin1(await source.read(0, 4)) === "hsqs") return { start: 0, length: source.size };
  const descriptor = await source.read(FIRST_DESCRIPTOR * SECTOR, SECTOR);
  if (latin1(descriptor.subarray(1, 6)) !== "CD001") return "it is neither an ISO nor a squashfs";
  const { primary } = (await readVolumeDescriptors(source)).value;
  const root = primary && (await readDirectoryTree(source, primary)).value.root;
  const node = root && findNode(root, ROOTFS_PATH);
  if (node?.kind !== "file") return `it does not have \`${ROOTFS_PATH}\``;
  const start = startOfRun(node.extents);
  if (start === undefined) return `\`${ROOTFS_PATH}\` is in several places`;
  return { start, length: node.size };
}

/** The byte offset of the first extent. Undefined if there are gaps between the extents. */
function startOfRun(extents: readonly Extent[]): number | undefined {
  const start = (extents[0]?.lba ?? 0) * SECTOR;
  let end = start;
  for (const { lba, size } of extents) {
    if (lba * SECTOR !== end) return undefined;
    end += size;
  }
  return start;
}
