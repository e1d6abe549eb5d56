import { inTurns, joined } from "../bytes/chunk.ts";
import type { ImageTree, Inode } from "./image-tree.ts";

/** The whole content of a regular file. The caller checks its size before. */
export function readWhole(tree: Pick<ImageTree, "read">, inode: Inode): Promise<Uint8Array> {
  return joined(inTurns(tree.read(inode)), inode.size);
}
