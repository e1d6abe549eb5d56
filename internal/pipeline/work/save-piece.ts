import { inTurns, rangeBytes } from "../../bytes/chunk.ts";
import { PIECES, type Piece } from "../../contract/plan/plan.ts";
import { MAX_FILE } from "../../grub/module-folder.ts";
import type { FoundFile } from "../../image/find-file.ts";
import type { ImageTree } from "../../image/image-tree.ts";
import type { WorkDir } from "./work-dir.ts";

/** Most bytes of a piece in memory. Only the kernel and the initramfs are larger. */
const SMALL = 8 * 1024 * 1024;

/**
 * Saves a file of the image for the stages. A work directory that the user named contains a copy. A temporary one keeps
 * small files in memory, and refers to large files that can be read from the image again.
 */
export async function savePiece(
  tree: ImageTree,
  found: FoundFile,
  to: { work: WorkDir; file: string },
): Promise<Piece> {
  const { work, file } = to;
  const { inode } = found.node;
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  async function* content(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of inTurns(chunks)) {
      hasher.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  const piece = () => ({ source: found.path, file, size, sha256: hasher.digest("hex") });
  const isIn = (folder: string) => file.startsWith(`${folder}/`);
  // The check for GRUB modules that are too large reads the size of a file.
  const needsFile = work.kept || (isIn(PIECES.bios) && inode.size > MAX_FILE);
  if (!needsFile && inode.size <= SMALL) {
    const bytes = await wholeOf(content(tree.read(inode)));
    await work.write(file, bytes);
    return piece();
  }
  const held = needsFile ? undefined : tree.held?.(inode);
  if (held !== undefined) {
    // The range is lent before the first read, so that every later change of the file is noticed.
    work.lend(file, held);
    for await (const _ of content(rangeBytes(held)));
    return piece();
  }
  await work.add(file, content(tree.read(inode)));
  tree.isSavedAt?.(inode, work.file(file));
  return piece();
}

async function wholeOf(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(new Uint8Array(chunk));
  return Buffer.concat(chunks);
}
