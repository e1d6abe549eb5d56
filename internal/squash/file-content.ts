import { PlatterError } from "../error.ts";
import { displayPath } from "../image/byte-path.ts";
import type { Inode } from "../image/image-tree.ts";
import type { WalkedEntry } from "./entry-walk.ts";

/** A file with bytes of its own: not empty, and no link to an earlier one. */
export function hasContent(entry: WalkedEntry): entry is WalkedEntry & { inode: Inode } {
  return entry.type === "file" && entry.size > 0 && entry.inode !== undefined;
}

export function changedFile(entry: WalkedEntry): PlatterError {
  return new PlatterError({
    code: "E_FILE_CHANGED",
    kind: "machine",
    message: `\`${displayPath(entry.path)}\` in the image does not have the ${entry.size} bytes it had when it was listed.`,
    hint: "Make sure that nothing else changes the image, and try again.",
  });
}
