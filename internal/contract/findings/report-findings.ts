import type { Reporter } from "../../base/progress.ts";
import type { Finding } from "./finding.ts";
import { adviceLines, findingLine } from "./finding-lines.ts";
import { findingsError, type Strictness } from "./findings-error.ts";

/**
 * Reports warnings with their advice, and each note in one line.
 * @throws PlatterError if a finding counts as an error; see {@link findingsError}
 */
export function reportFindings(
  findings: readonly Finding[],
  options: { reference: string; strictness: Strictness; reporter: Reporter },
): void {
  const { reporter, ...rest } = options;
  for (const finding of findings) {
    const line = findingLine(finding);
    if (finding.severity === "warning") reporter.warn([line, ...adviceLines(finding)].join("\n"));
    if (finding.severity === "note") reporter.info(`note: ${line}`);
  }
  const failure = findingsError(findings, rest);
  if (failure !== undefined) throw failure;
}
