import type { Notice } from "./notice.ts";
import type { Style } from "./style.ts";

/** A running task. A task that is not announced in {@link Reporter.steps} only shows its progress. */
export interface Task {
  /** Reports the progress in bytes. `total` is undefined if it is unknown. */
  progress(done: number, total?: number): void;
  /** Shows that the task still runs. A loop that keeps the event loop busy calls it often. */
  tick(): void;
  /** Reports the end; `detail` is shown next to it. */
  done(detail?: string): void;
  /** Reports that the result was taken from a cache. */
  cached(detail?: string): void;
  /** Reports that the task was not necessary. */
  skipped(reason: string): void;
}

/** The output for messages to the user, which is never standard output. */
export interface Reporter {
  /** Characters in a row of the terminal; undefined if the output is not a terminal. */
  readonly width: number | undefined;
  /**
   * Shows these lines at the end of the terminal, in the place of those of the last call. Other output removes them.
   * Without a terminal it does nothing.
   */
  rows(lines: readonly string[]): void;
  /**
   * Announces the steps of the run, in the order in which their ends are reported. A step that ends before an earlier
   * one is reported after it. The caller must start and end a task for each of them.
   */
  steps(names: readonly string[]): void;
  /** Starts a task. A task that has not ended when the run ends has failed; the caller reports the error. */
  task(name: string): Task;
  /** Reports a notice immediately, or, for a notice of a `step`, together with the end of that step. */
  notice(notice: Notice, step?: string): void;
  /** Prints lines that a renderer made for {@link Reporter.style}: escaped, wrapped and coloured. */
  print(lines: readonly string[]): void;
  /** The width and the colours of the output. */
  readonly style: Style;
  info(text: string): void;
  /** Reports a warning without a code. */
  warn(text: string): void;
  /** Prints the text only with --verbose. */
  verbose(text: string): void;
}

/** The reporter of a process, which must be closed before something else is written to the same output. */
export interface ProcessReporter extends Reporter {
  /** Removes the progress line. Later progress is not shown. */
  close(): void;
}

/** Warnings and notices of a step, which the reporter shows together with the end of that step. */
export function noticesOf(
  reporter: Pick<Reporter, "notice">,
  step: string,
): Pick<Reporter, "notice" | "warn"> {
  const notice = (given: Notice) => reporter.notice(given, step);
  return { notice, warn: (message) => notice({ severity: "warning", message }) };
}

/** Reports `done` bytes of about `total`. */
export type OnBytes = (done: number, total: number) => void;
