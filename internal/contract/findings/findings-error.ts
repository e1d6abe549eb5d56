import { type ErrorDetails, PlatterError } from "../../base/error.ts";
import { type ErrorKind, gravestKind } from "../../base/exit-codes.ts";
import { baseImageOf } from "../../image/base-image.ts";
import { nameOf } from "../../image/reference.ts";
import { shellWord } from "../../process/command-line.ts";
import { counted } from "../../text/counted.ts";
import { errorCodeOf, type Finding, textOf } from "./finding.ts";
import { noticeOf, seenAt } from "./finding-lines.ts";
import type { FindingKind } from "./finding-text.ts";

/** Whether warnings count as errors. */
export type Strictness = "normal" | "strict";

/** A problem of the image is graver than a problem of an option. */
export const FINDING_ERROR_KINDS = { image: "contract", option: "usage" } as const satisfies Record<
  FindingKind,
  ErrorKind
>;

/** An error that consists of findings. */
export class FindingsError extends PlatterError {
  readonly findings: readonly Finding[];

  constructor(details: ErrorDetails & { findings: readonly Finding[] }) {
    super(details);
    this.findings = details.findings;
  }
}

interface FindingsErrorOptions {
  reference: string;
  /** Whether platter knows the packages of the image's distribution. Default: known. */
  packages?: "known" | "unknown";
}

/**
 * One error for all findings that count as errors, with the gravest of their kinds. Undefined if no finding counts as an
 * error.
 */
export function findingsError(
  findings: readonly Finding[],
  options: FindingsErrorOptions & { strictness: Strictness },
): FindingsError | undefined {
  const { strictness } = options;
  const errors = findings
    .filter((finding) => countsAsError(finding, strictness))
    .map((finding): Finding => ({ ...finding, severity: "error" }));
  const [first] = errors;
  if (first === undefined) return undefined;
  const kind = gravestKind(errors.map(({ code }) => FINDING_ERROR_KINDS[textOf(code).kind]));
  if (errors.length === 1) {
    const { place, why, fix } = first;
    const code = errorCodeOf(first.code);
    return new FindingsError({
      findings: errors,
      code,
      kind,
      message: seenAt(first),
      detail: [...(place?.excerpt ?? []), why],
      hint: fix,
      notices: [{ ...noticeOf(first), code }],
    });
  }
  return new FindingsError({
    findings: errors,
    code: "E_CONTRACT",
    kind,
    message: problemsOf(options.reference, errors),
    notices: errors.map(noticeOf),
    hint: containerfileHint(errors, options),
  });
}

/** The hint to add the missing parts by a Containerfile. Undefined if that solves none of the findings. */
function containerfileHint(
  findings: readonly Finding[],
  { reference, packages = "known" }: FindingsErrorOptions,
): string | undefined {
  if (packages === "unknown" || findings.every(({ code }) => textOf(code).adds === undefined))
    return undefined;
  const [name, first] = containerfileBase(reference);
  const run = `Run \`platter containerfile ${shellWord(name)}\` for a Containerfile that adds what the image lacks.`;
  return first === undefined ? run : `${first} ${run}`;
}

/** The name for `platter containerfile`, and what to do first to have an image of that name. */
function containerfileBase(reference: string): [name: string, first?: string | undefined] {
  try {
    baseImageOf(reference);
    return [reference];
  } catch (error) {
    if (!(error instanceof PlatterError)) throw error;
    return ["localhost/NAME", error.hint];
  }
}

/** The same error without its findings, for a command that has printed them. */
export function countOnly(error: FindingsError, options: FindingsErrorOptions): FindingsError {
  const { details, findings } = error;
  const message = problemsOf(options.reference, findings);
  const hint = containerfileHint(findings, options);
  return new FindingsError({ ...details, detail: undefined, hint, notices: undefined, findings, message });
}

/** One sentence about the findings. The image is not to blame if only the options are wrong. */
function problemsOf(reference: string, findings: readonly Finding[]): string {
  if (findings.every(({ code }) => textOf(code).kind === "option"))
    return `Cannot use these options with ${nameOf(reference)}: ${counted(findings.length, "problem")}`;
  return `${nameOf(reference)} breaks the contract in ${counted(findings.length, "way")}`;
}

/** Whether a finding ends the run. */
export function countsAsError({ severity }: Finding, strictness: Strictness): boolean {
  return severity === "error" || (strictness === "strict" && severity === "warning");
}
