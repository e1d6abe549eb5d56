import { type ErrorDetails, PlatterError } from "../../base/error.ts";
import { type ErrorKind, gravestKind } from "../../base/exit-codes.ts";
import { shellWord } from "../../process/command-line.ts";
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

/**
 * One error for all findings that count as errors, with the gravest of their kinds. Undefined if no finding counts as an
 * error.
 */
export function findingsError(
  findings: readonly Finding[],
  options: { reference: string; strictness: Strictness },
): FindingsError | undefined {
  const { reference, strictness } = options;
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
    message: breaksContract(reference, errors.length),
    notices: errors.map(noticeOf),
    hint: containerfileHint(errors, reference),
  });
}

/** The hint to add the missing parts by a Containerfile. Undefined if that solves none of the findings. */
function containerfileHint(findings: readonly Finding[], reference: string): string | undefined {
  if (findings.every(({ code }) => textOf(code).adds === undefined)) return undefined;
  return `Run \`platter containerfile ${shellWord(reference)}\` for a Containerfile that adds what the image lacks.`;
}

/** The same error without its findings, for a command that has printed them. */
export function countOnly(error: FindingsError, reference: string): FindingsError {
  const { details, findings } = error;
  const message = breaksContract(reference, findings.length);
  const hint = containerfileHint(findings, reference);
  return new FindingsError({ ...details, detail: undefined, hint, notices: undefined, findings, message });
}

function breaksContract(reference: string, count: number): string {
  return `\`${reference}\` breaks the contract in ${count} ${count === 1 ? "way" : "ways"}`;
}

/** Whether a finding ends the run. */
export function countsAsError({ severity }: Finding, strictness: Strictness): boolean {
  return severity === "error" || (strictness === "strict" && severity === "warning");
}
