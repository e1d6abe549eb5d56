import type { OnBytes } from "../base/progress.ts";
import { type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { ToolName } from "../process/find.ts";
import type { Toolbox } from "../process/toolbox.ts";
import type { BlockReuse } from "../squashfs/blocks/block-reuse.ts";
import type { RootfsOptions } from "./rootfs-options.ts";

/** What goes into the file system image, and what it is to say of itself. */
export interface RootfsContent {
  tree: ImageTree;
  walk: WalkOptions;
  options: RootfsOptions;
  /** Seconds since 1970: the file system's own time. */
  time: number;
  /** The file system's own UUID, where it has one. */
  uuid: string;
}

interface RootfsTarget {
  /** Host path; it must not exist. */
  output: string;
  log: string;
  signal: AbortSignal;
  /** Called with the bytes that were taken so far, of about how many. */
  onBytes: OnBytes;
  /** Tells the user what cannot be kept. */
  warn: (text: string) => void;
  /** Blocks of earlier squashfs files. */
  reuse?: BlockReuse | undefined;
}

/** Entries in, the image of a file system out. */
export interface RootfsWriter {
  /** Those that it calls. */
  readonly tools: readonly ToolName[];
  /** @throws PlatterError what the tool, and reading the image, throw */
  write(content: RootfsContent, target: RootfsTarget, toolbox: Toolbox): Promise<void>;
}

/** Passes the tree's stream on, and tells how much of it has gone. */
export async function* counted(
  stream: AsyncIterable<Uint8Array>,
  { tree, walk, onBytes }: Pick<RootfsContent, "tree" | "walk"> & Pick<RootfsTarget, "onBytes">,
): AsyncGenerator<Uint8Array> {
  let total: number | undefined;
  let sum = 0;
  for await (const chunk of stream) {
    yield chunk;
    sum += chunk.length;
    // Only now, while the tool is at work.
    total ??= bytesOf(tree, walk);
    onBytes(sum, total);
  }
}

function bytesOf(tree: ImageTree, walk: WalkOptions): number {
  let sum = 0;
  for (const { size } of walkEntries(tree, walk)) sum += size;
  return sum;
}
