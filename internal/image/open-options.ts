import type { BytePath } from "../bytes/byte-path.ts";
import type { RunTool } from "../process/run.ts";

/** Bytes of the largest file of an image that is read for its own sake, such as an initramfs. */
export const LARGEST_PIECE = 2 * 1024 ** 3;

/** What every image source is given. */
export interface OpenOptions {
  /** As OCI writes it: `amd64`, `arm64`. Undefined: the host's, where an image index gives a choice. */
  architecture?: string | undefined;
  /** An existing directory for what does not fit in memory. Files in it have no name, or are gone on disposal. */
  work: string;
  signal: AbortSignal;
  /** Files whose content will be asked for by `read`; a source that reads in passes keeps these in the first one. */
  capture: (path: BytePath) => boolean;
  runTool: RunTool;
  /** Bytes that decompressed layers may take in memory. Default: {@link memoryForLayers}. */
  memory?: number | undefined;
}
