import type { ErrorCode, ErrorCodeOf, FindingErrorCode } from "./error-codes.ts";
import { type ErrorKind, EXIT_CODES } from "./exit-codes.ts";
import type { Notice, NoticeLine } from "./notice.ts";

/** A code with one of the kinds that its entry in the table of errors names. */
type CodeWithKind =
  | { [K in ErrorKind]: { code: ErrorCodeOf<K>; kind: K } }[ErrorKind]
  | { code: FindingErrorCode; kind: "usage" | "contract" | "tool" };

export type ErrorDetails = CodeWithKind & {
  /** The failed action and its reason. */
  message: string;
  /** One imperative sentence about the fix. */
  hint?: string | undefined;
  /** Further lines: the offending source line, the last lines of a tool's log, a list of candidates. */
  detail?: readonly string[] | undefined;
  /** The problems that caused the error. One is shown instead of the error itself, several are shown before it. */
  notices?: readonly Notice[] | undefined;
  /** The file that holds a failed tool's full output. */
  log?: string | undefined;
  cause?: unknown;
};

/** An expected failure: shown as message, detail and hint, never as a stack trace. */
export class PlatterError extends Error {
  readonly details: ErrorDetails;

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "PlatterError";
    this.details = details;
  }

  /** Stable upper-case code such as `E_IMAGE_MISSING`; tests and `--json` refer to it. */
  get code(): ErrorCode | FindingErrorCode {
    return this.details.code;
  }

  get kind(): ErrorKind {
    return this.details.kind;
  }

  get hint(): string | undefined {
    return this.details.hint;
  }

  get detail(): readonly string[] {
    return this.details.detail ?? [];
  }

  /** The error as the user sees it, one after the other. */
  get notices(): readonly Notice[] {
    const { notices = [] } = this.details;
    return notices.length === 1 ? notices : [...notices, this.#own];
  }

  get #own(): Notice {
    const { code, message, detail, hint } = this;
    const lines = detail.map((text): NoticeLine => ({ text }));
    if (hint !== undefined) lines.push({ label: "hint", text: hint });
    return { severity: "error", code, message, lines };
  }

  get log(): string | undefined {
    return this.details.log;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind].code;
  }
}
