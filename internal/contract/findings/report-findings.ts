import type { Reporter } from "../../base/progress.ts";
import type { Finding } from "./finding.ts";
import { noticeOf } from "./finding-lines.ts";
import { countsAsError, findingsError } from "./findings-error.ts";

/**
 * Reports warnings and notes. Findings that count as errors are reported by the error alone.
 * @throws PlatterError if a finding counts as an error; see {@link findingsError}
 */
export function reportFindings(
  findings: readonly Finding[],
  options: Parameters<typeof findingsError>[1] & { reporter: Reporter },
): void {
  const { reporter, ...rest } = options;
  for (const finding of findings) {
    if (!countsAsError(finding, rest.strictness)) reporter.notice(noticeOf(finding));
  }
  const failure = findingsError(findings, rest);
  if (failure !== undefined) throw failure;
}
