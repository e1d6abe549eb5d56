import { PlatterError } from "../../base/error.ts";
import { errorCodeOf, type Finding, findingLines, seenAt } from "./finding.ts";

/** Whether warnings count as errors. */
export type Strictness = "normal" | "strict";

/** One error for all findings that count as errors; undefined where none does. */
export function findingsError(
  findings: readonly Finding[],
  about: { reference: string; strictness: Strictness },
): PlatterError | undefined {
  const { reference, strictness } = about;
  const errors = findings
    .filter(({ severity }) => severity === "error" || (strictness === "strict" && severity === "warning"))
    .map((finding): Finding => ({ ...finding, severity: "error" }));
  const [first] = errors;
  if (first === undefined) return undefined;
  if (errors.length === 1) {
    const { place } = first;
    return new PlatterError({
      code: errorCodeOf(first.code),
      kind: "contract",
      // A finding is a sentence; an error has no full stop.
      message: seenAt(first).replace(/\.$/, ""),
      detail: [...(place?.excerpt ?? []), first.why],
      hint: first.fix,
    });
  }
  return new PlatterError({
    code: "E_CONTRACT",
    kind: "contract",
    message: `\`${reference}\` breaks the contract in ${errors.length} ways`,
    detail: errors.flatMap((error) => findingLines(error)),
  });
}
