import { inTurns } from "../bytes/chunk.ts";
import type { ImageTree, Inode } from "./image-tree.ts";

/** The whole content of a regular file. The caller checks its size before. */
export async function readWhole(tree: Pick<ImageTree, "read">, inode: Inode): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of inTurns(tree.read(inode))) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}
