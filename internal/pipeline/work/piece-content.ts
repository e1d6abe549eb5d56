import type { HeldRange } from "../../bytes/byte-range.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import type { AddedFile } from "../../contract/plan/plan-options.ts";
import type { FoundFile } from "../../image/find-file.ts";
import type { Content, ImageTree } from "../../image/image-tree.ts";
import { fileChanged } from "./file-changed.ts";

/** A file that becomes a piece of the ISO. */
export interface PieceContent {
  /** Its path in messages. */
  source: string;
  /** Bytes. */
  size: number;
  read: () => Content;
  /** The content as a range of a file. Undefined if it must be read. */
  held: () => HeldRange | undefined;
  /** Called with a host file that now has the content, too. */
  savedAt: (hostFile: string) => void;
}

/** A file of the image. */
export function imageFile(tree: ImageTree, { path, node: { inode } }: FoundFile): PieceContent {
  return {
    source: path,
    size: inode.size,
    read: () => tree.read(inode),
    held: () => tree.held?.(inode),
    savedAt: (file) => tree.isSavedAt?.(inode, file),
  };
}

/** A file of the host. Reading it throws `E_FILE_OPEN`, and `E_FILE_CHANGED` if its size is another one now. */
export function hostFile({ source, size }: AddedFile, signal: AbortSignal): PieceContent {
  const open = () => {
    const file = OpenFile.open(source);
    if (file.size === size) return file;
    file[Symbol.dispose]();
    throw fileChanged(source);
  };
  return {
    source,
    size,
    async *read() {
      using file = open();
      yield* new RangeStream(file.whole(), signal);
    },
    held() {
      const file = open();
      return { ...file.whole(), [Symbol.dispose]: () => file[Symbol.dispose]() };
    },
    savedAt: () => undefined,
  };
}
