import type { Finding } from "../contract/findings/finding.ts";
import { withoutIgnored } from "../contract/findings/ignored-findings.ts";
import { reportFindings } from "../contract/findings/report-findings.ts";
import type { SessionOptions } from "./session-options.ts";

/**
 * Reports the findings about an image that the user does not ignore.
 * @throws PlatterError if a finding counts as an error
 */
export function reportUnignored(
  findings: readonly Finding[],
  image: { reference: string; packages?: "known" | "unknown" },
  { ignored, strictness, reporter }: Pick<SessionOptions, "ignored" | "strictness" | "reporter">,
): void {
  reportFindings(withoutIgnored(findings, ignored), { ...image, strictness, reporter });
}
