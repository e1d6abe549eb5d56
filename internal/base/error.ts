/** What kind of thing went wrong; it alone decides the exit code. */
export type ErrorKind =
  /** The command line makes no sense. */
  | "usage"
  /** The image or its configuration breaks the contract. */
  | "contract"
  /** A tool is missing, too old, or failed. */
  | "tool"
  /** The system refused: disk full, permission denied, input/output error. */
  | "machine"
  /** An ISO failed verification or did not boot. */
  | "media"
  /** The user, or a signal, stopped the run. */
  | "interrupted";

const EXIT_CODES: Record<ErrorKind, number> = {
  usage: 2,
  contract: 3,
  tool: 4,
  machine: 5,
  media: 6,
  interrupted: 130,
};

/** The gravest kind: the one with the highest exit code. There must be at least one. */
export function gravestKind(kinds: readonly ErrorKind[]): ErrorKind {
  return kinds.reduce((gravest, kind) => (EXIT_CODES[kind] > EXIT_CODES[gravest] ? kind : gravest));
}

export interface ErrorDetails {
  /** Stable upper-case code such as `E_KERNEL_MISSING`; tests and `--json` refer to it. */
  code: string;
  kind: ErrorKind;
  /** What was looked for, where, and what was found instead. */
  message: string;
  /** What to do about it, as an imperative sentence. */
  hint?: string | undefined;
  /** Further lines: the offending source line, the last lines of a tool's log, a list of candidates. */
  detail?: readonly string[] | undefined;
  /** The file that holds a failed tool's full output. */
  log?: string | undefined;
  cause?: unknown;
}

/** An expected failure: shown as message, detail and hint, never as a stack trace. */
export class PlatterError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly detail: readonly string[];
  readonly log: string | undefined;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PlatterError";
    this.code = details.code;
    this.kind = details.kind;
    this.hint = details.hint;
    this.detail = details.detail ?? [];
    this.log = details.log;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }
}
