import type { Reporter } from "../../base/progress.ts";
import type { Toolbox } from "../../process/toolbox.ts";
import type { WorkDir } from "./work-dir.ts";

/** What a stage may touch of the world. */
export interface Context {
  work: WorkDir;
  signal: AbortSignal;
  reporter: Reporter;
  toolbox: Toolbox;
  /** Milliseconds, rising. */
  clock: () => number;
  /** The version of this program. */
  version: string;
}
