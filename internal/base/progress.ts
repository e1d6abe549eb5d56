/** A running task with a known size. */
export interface Task {
  /** Reports the progress in bytes. */
  progress(done: number, total: number): void;
  /** Reports the end; `detail` is shown next to it. */
  done(detail?: string): void;
  /** Reports that the task was not necessary. */
  skipped(reason: string): void;
  /** Reports the failure. The caller shows the error itself. */
  failed(): void;
}

/** The output for messages to the user, which is never standard output. */
export interface Reporter {
  task(name: string): Task;
  info(text: string): void;
  warn(text: string): void;
  /** Prints the text only with --verbose. */
  verbose(text: string): void;
}

/** Reports `done` bytes of about `total`. */
export type OnBytes = (done: number, total: number) => void;
