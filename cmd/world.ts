import type { Reporter } from "../internal/base/progress.ts";

/** What a command gets from outside. */
export interface World {
  signal: AbortSignal;
  reporter: Reporter;
  verbosity: "quiet" | "normal" | "verbose";
  /** Milliseconds, for how long something takes. */
  clock: () => number;
  /** The time of day, for records. */
  now: () => Date;
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Writes text for people to standard output, escaped for a terminal; nothing with --quiet. @throws PlatterError `E_STDOUT` */
  print: (text: string) => Promise<void>;
  /** Writes data such as JSON to standard output, byte for byte. @throws PlatterError `E_STDOUT` */
  printData: (data: string | Uint8Array) => Promise<void>;
}

/** Gives a command its world once the global flags are known. */
export type WorldOf = () => World;
