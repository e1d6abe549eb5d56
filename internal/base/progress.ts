/** Something under way whose end is known. */
export interface Task {
  /** How far it is; units are bytes. */
  progress(done: number, total: number): void;
  /** It is finished; `detail` is shown next to it. */
  done(detail?: string): void;
  /** Nothing had to be done. */
  skipped(reason: string): void;
  /** It failed; the error itself is shown by the caller. */
  failed(): void;
}

/** Where talk to the user goes: never standard output. */
export interface Reporter {
  task(name: string): Task;
  info(text: string): void;
  warn(text: string): void;
  /** Only with --verbose. */
  verbose(text: string): void;
}

/** Reports `done` bytes of about `total`. */
export type OnBytes = (done: number, total: number) => void;
