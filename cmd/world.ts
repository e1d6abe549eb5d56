import type { Reporter } from "../internal/base/progress.ts";

/** The clocks, outputs and signals that a command uses. */
export interface World {
  signal: AbortSignal;
  reporter: Reporter;
  verbosity: "quiet" | "normal" | "verbose";
  /** Milliseconds of a clock that measures durations. */
  clock: () => number;
  /** The current date and time, for records. */
  now: () => Date;
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /**
   * Writes text for people to standard output, escaped for a terminal. Writes nothing with --quiet.
   * @throws PlatterError `E_STDOUT`
   */
  print: (text: string) => Promise<void>;
  /** Writes data such as JSON to standard output without changing a byte. @throws PlatterError `E_STDOUT` */
  printData: (data: string | Uint8Array) => Promise<void>;
}

/** Returns the world of a command. It is called after the global flags are parsed. */
export type WorldOf = () => World;
