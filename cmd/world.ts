import type { Reporter } from "../internal/ui/reporter.ts";

/** What a command gets from outside. */
export interface World {
  signal: AbortSignal;
  reporter: Reporter;
  /** Milliseconds, for how long something takes. */
  clock: () => number;
  /** The time of day, for records. */
  now: () => Date;
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Writes to standard output. @throws PlatterError `E_STDOUT` */
  print: (text: string | Uint8Array) => Promise<void>;
}

/** Gives a command its world once the global flags are known. */
export type WorldOf = () => World;
