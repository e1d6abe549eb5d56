import type { Chunk } from "../chunk.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { ToolName } from "../tool/find.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { WalkOptions } from "./entry-walk.ts";
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

export interface RootfsTarget {
  /** Host path; it must not exist. */
  output: string;
  log: string;
  signal: AbortSignal;
  /** Called with the bytes of the stream that the tool has taken so far. */
  onBytes: (sum: number) => void;
  /** Tells the user what cannot be kept. */
  warn: (text: string) => void;
}

/** Entries in, the image of a file system out: what stands between the tree and one tool. */
export interface RootfsWriter {
  /** Those that it calls. */
  readonly tools: readonly ToolName[];
  /** @throws PlatterError what the tool, and reading the image, throw */
  write(content: RootfsContent, target: RootfsTarget, toolbox: Toolbox): Promise<void>;
}

/** Passes a stream on, and tells how much of it has gone. */
export async function* counted(
  stream: AsyncIterable<Chunk>,
  onBytes: (sum: number) => void,
): AsyncGenerator<Chunk> {
  let sum = 0;
  for await (const chunk of stream) {
    yield chunk;
    sum += chunk.length;
    onBytes(sum);
  }
}
