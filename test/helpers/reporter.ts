import type { Reporter, Task } from "../../internal/base/progress.ts";
import { PLAIN } from "../../internal/base/style.ts";

export const SILENT_TASK: Task = {
  progress: () => undefined,
  done: () => undefined,
  cached: () => undefined,
  tick: () => undefined,
  skipped: () => undefined,
};

/** A reporter that shows nothing. */
export const SILENT: Reporter = {
  style: PLAIN,
  width: undefined,
  rows: () => undefined,
  steps: () => undefined,
  task: () => SILENT_TASK,
  notice: () => undefined,
  print: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  verbose: () => undefined,
};
