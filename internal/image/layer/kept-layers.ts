import type { Content, Inode } from "../image-tree.ts";
import type { KeptLayers } from "../layer-store.ts";
import type { InodeTable } from "../table/inode-table.ts";
import { StoredInode } from "../table/stored-inode.ts";
import type { LayerTables } from "./layer-tables.ts";

/** The layers of a tree for later builds. Inodes of other trees do not have digests. */
export function keptLayers(
  tables: LayerTables,
  { inodes, content }: { inodes: InodeTable; content: (inode: Inode) => Content },
): KeptLayers {
  const isOurs = (inode: Inode) => inode instanceof StoredInode && inode.isIn(inodes);
  return {
    get count() {
      return tables.count;
    },
    of: (inode) => (isOurs(inode) ? tables.of(inode) : undefined),
    record(inode, digests) {
      if (isOurs(inode)) tables.record(inode, digests);
    },
    *unkept() {
      for (const inode of tables.unkept()) yield { inode, content: content(inode) };
    },
    changed: () => tables.changed(),
  };
}
