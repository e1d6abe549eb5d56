import type { Toolbox } from "../tool/toolbox.ts";
import type { Reporter } from "../ui/reporter.ts";
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
