import type { OnBytes } from "../base/progress.ts";
import { type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { ToolName } from "../process/find.ts";
import type { Toolbox } from "../process/toolbox.ts";
import type { BlockReuse } from "../squashfs/blocks/block-reuse.ts";
import type { RootfsOptions } from "./rootfs-options.ts";

/** The content of the file system image, and its time and UUID. */
export interface RootfsContent {
  tree: ImageTree;
  walk: WalkOptions;
  options: RootfsOptions;
  /** Seconds since 1970: the file system's own time. */
  time: number;
  /** The file system's own UUID, for types with a UUID. */
  uuid: string;
}

interface RootfsTarget {
  /** Host path; it must not exist. */
  output: string;
  log: string;
  signal: AbortSignal;
  /** Called with the bytes that were read so far, and with their approximate total. */
  onBytes: OnBytes;
  /** Warns the user about attributes that the file system cannot store. */
  warn: (text: string) => void;
  /** Blocks of earlier squashfs files. */
  reuse?: BlockReuse | undefined;
}

/** Writes a tree as the image of a file system. */
export interface RootfsWriter {
  /** The programs that it runs. */
  readonly tools: readonly ToolName[];
  /** @throws PlatterError the errors of the tool, and of reading the image */
  write(content: RootfsContent, target: RootfsTarget, toolbox: Toolbox): Promise<void>;
}

/** Passes the tree's stream on, and reports the progress. */
export async function* counted(
  stream: AsyncIterable<Uint8Array>,
  { tree, walk, onBytes }: Pick<RootfsContent, "tree" | "walk"> & Pick<RootfsTarget, "onBytes">,
): AsyncGenerator<Uint8Array> {
  let total: number | undefined;
  let sum = 0;
  for await (const chunk of stream) {
    yield chunk;
    sum += chunk.length;
    // Count the bytes here, while the tool is running.
    total ??= bytesOf(tree, walk);
    onBytes(sum, total);
  }
}

function bytesOf(tree: ImageTree, walk: WalkOptions): number {
  let sum = 0;
  for (const { size } of walkEntries(tree, walk)) sum += size;
  return sum;
}
