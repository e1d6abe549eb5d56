import { inTurns, joined, rangeBytes } from "../../bytes/chunk.ts";
import { PIECES, type Piece } from "../../contract/plan/plan.ts";
import { MAX_FILE } from "../../grub/module-folder.ts";
import type { PieceContent } from "./piece-content.ts";
import type { WorkDir } from "./work-dir.ts";

/** Most bytes of a piece in memory. Only the kernel and the initramfs are larger. */
const SMALL = 8 * 1024 * 1024;

/**
 * Saves a file for the stages. A work directory that the user named contains a copy. A temporary one keeps small files in
 * memory, and refers to large files that can be read again.
 */
export async function savePiece(original: PieceContent, to: { work: WorkDir; file: string }): Promise<Piece> {
  const { work, file } = to;
  const hasher = new Bun.CryptoHasher("sha256");
  let size = 0;
  async function* content(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of inTurns(chunks)) {
      hasher.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  }
  const piece = () => ({ source: original.source, file, size, sha256: hasher.digest("hex") });
  const isIn = (folder: string) => file.startsWith(`${folder}/`);
  // The check for GRUB modules that are too large reads the size of a file.
  const needsFile = work.kept || (isIn(PIECES.bios) && original.size > MAX_FILE);
  if (!needsFile && original.size <= SMALL) {
    const bytes = await joined(content(original.read()), original.size);
    await work.write(file, bytes);
    return piece();
  }
  const held = needsFile ? undefined : original.held();
  if (held !== undefined) {
    // The range is lent before the first read, so that every later change of the file is noticed.
    work.lend(file, held);
    for await (const _ of content(rangeBytes(held)));
    return piece();
  }
  await work.add(file, content(original.read()));
  original.savedAt(work.file(file));
  return piece();
}
