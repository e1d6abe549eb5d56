import { PlatterError } from "../base/error.ts";
import { displayPath } from "../bytes/byte-path.ts";
import { type WalkedEntry, type WalkOptions, walkEntries } from "./entry-walk.ts";
import type { ImageTree, Inode } from "./image-tree.ts";

/** Whether an entry is a file with content: not empty, and not a link to an earlier entry. */
export function hasContent(entry: WalkedEntry): entry is WalkedEntry & { inode: Inode } {
  return entry.type === "file" && entry.size > 0 && entry.inode !== undefined;
}

/** The inodes whose content is read, in the order of reading. */
export function* wantedInodes(tree: ImageTree, walk: WalkOptions): Generator<Inode> {
  for (const entry of walkEntries(tree, walk)) if (hasContent(entry)) yield entry.inode;
}

export function changedFile(entry: WalkedEntry): PlatterError {
  return new PlatterError({
    code: "E_FILE_CHANGED",
    kind: "machine",
    message: `Cannot read \`${displayPath(entry.path)}\` in the image: it no longer has ${entry.size} bytes`,
    hint: "Make sure that no other program changes the image, and try again.",
  });
}
