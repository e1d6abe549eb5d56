import type { Readable } from "node:stream";
import type { Reporter } from "../internal/base/progress.ts";
import type { Style } from "../internal/base/style.ts";

/** The clocks, outputs and signals that a command uses. */
export interface World {
  signal: AbortSignal;
  reporter: Reporter;
  verbosity: "quiet" | "normal" | "verbose";
  /** The width and the colours of standard output. */
  style: Style;
  /** Milliseconds of a clock that measures durations. */
  clock: () => number;
  /** The current date and time, for records. */
  now: () => Date;
  environment: Readonly<Record<string, string | undefined>>;
  version: string;
  /**
   * Writes text for people, made for {@link style}, to standard output. Writes nothing with --quiet.
   * @throws PlatterError `E_STDOUT`
   */
  print: (text: string) => Promise<void>;
  /** Writes data such as JSON to standard output without changing a byte. @throws PlatterError `E_STDOUT` */
  printData: (data: string | Uint8Array) => Promise<void>;
  /** Whether standard output is a terminal. */
  printsToTerminal: boolean;
  /**
   * Copies a file's content to standard output. Unlike {@link World.printData}, it needs a reader of the whole content.
   * @throws PlatterError `E_STDOUT`, `E_INTERRUPTED`
   */
  stream: (content: Readable) => Promise<void>;
  /** Sets the JSON document of --json. It is printed at the end of the run, with the error if the run fails. */
  setResult: (document: object) => void;
}

/** Returns the world of a command. It is called after the global flags are parsed. */
export type WorldOf = () => World;
