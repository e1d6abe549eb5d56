import type { OnBytes, Reporter } from "../base/progress.ts";
import type { BytePath } from "../bytes/byte-path.ts";
import type { RunTool } from "../process/run.ts";
import type { LayerStore } from "./layer-store.ts";
import type { PullPolicy } from "./pull-policy.ts";

/** The most bytes of a file of the image that is read as a piece, such as an initramfs. */
export const LARGEST_PIECE = 2 * 1024 ** 3;

/** The options of every image source. */
export interface OpenOptions {
  /**
   * In OCI's form: `amd64`, `arm64`. If it is undefined and an image index has a choice, the host's architecture
   * counts.
   */
  architecture?: string | undefined;
  /**
   * An existing directory for data that does not fit in memory. Files in it do not have a name, or are removed on
   * disposal.
   */
  work: string;
  signal: AbortSignal;
  /** Whether `read` may be called for a path. A source that reads in passes keeps these files in the first pass. */
  capture: (path: BytePath) => boolean;
  runTool: RunTool;
  /** The default is `never`. */
  pull?: PullPolicy | undefined;
  /** Shows the progress of fetching an image, and notes about it. */
  reporter?: Pick<Reporter, "task" | "notice"> | undefined;
  /** Called with the bytes of the layers that were read, and their sum. */
  onRead?: OnBytes | undefined;
  /** The most bytes of memory for decompressed layers. The default is {@link memoryForLayers}. */
  memory?: number | undefined;
  /** What earlier builds left about layers. Undefined if all layers are read. */
  layerStore?: LayerStore | undefined;
}
