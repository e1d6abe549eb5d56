import type { Reporter } from "../../base/progress.ts";
import type { Toolbox } from "../../process/toolbox.ts";
import type { WorkDir } from "./work-dir.ts";

/** The folder, clock, reporter and signal that a stage uses. */
export interface Context {
  work: WorkDir;
  signal: AbortSignal;
  reporter: Reporter;
  toolbox: Toolbox;
  /** Milliseconds of a clock that never goes back. */
  clock: () => number;
  /** The version of this program. */
  version: string;
}
