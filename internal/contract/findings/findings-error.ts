import { PlatterError } from "../../base/error.ts";
import { type ErrorKind, gravestKind } from "../../base/exit-codes.ts";
import { errorCodeOf, type Finding, textOf } from "./finding.ts";
import { findingLines, seenAt } from "./finding-lines.ts";
import type { FindingKind } from "./finding-text.ts";

/** Whether warnings count as errors. */
export type Strictness = "normal" | "strict";

/** A problem of the image is graver than a problem of an option. */
export const FINDING_ERROR_KINDS = { image: "contract", option: "usage" } as const satisfies Record<
  FindingKind,
  ErrorKind
>;

/**
 * One error for all findings that count as errors, with the gravest of their kinds. Undefined if no finding counts as an
 * error.
 */
export function findingsError(
  findings: readonly Finding[],
  options: { reference: string; strictness: Strictness },
): PlatterError | undefined {
  const { reference, strictness } = options;
  const errors = findings
    .filter(({ severity }) => severity === "error" || (strictness === "strict" && severity === "warning"))
    .map((finding): Finding => ({ ...finding, severity: "error" }));
  const [first] = errors;
  if (first === undefined) return undefined;
  const kind = gravestKind(errors.map(({ code }) => FINDING_ERROR_KINDS[textOf(code).kind]));
  if (errors.length === 1) {
    const { place } = first;
    return new PlatterError({
      code: errorCodeOf(first.code),
      kind,
      // A finding ends with a full stop, but an error does not.
      message: seenAt(first).replace(/\.$/, ""),
      detail: [...(place?.excerpt ?? []), first.why],
      hint: first.fix,
    });
  }
  return new PlatterError({
    code: "E_CONTRACT",
    kind,
    message: `\`${reference}\` breaks the contract in ${errors.length} ways`,
    detail: errors.flatMap((error) => findingLines(error)),
  });
}
