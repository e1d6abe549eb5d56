import { PlatterError } from "../../base/error.ts";
import { nearest } from "../../text/nearest.ts";
import { FINDINGS, type Finding, type FindingCode } from "./finding.ts";

/** Codes of warnings and notes that the user accepts. @throws PlatterError `E_IGNORE` for an unknown code or an error */
export function parseIgnored(codes: readonly string[]): ReadonlySet<FindingCode> {
  return new Set(codes.map(parseCode));
}

function parseCode(text: string): FindingCode {
  if (!Object.hasOwn(FINDINGS, text)) {
    const meant = nearest(text, Object.keys(FINDINGS));
    throw refusal(
      `Cannot ignore \`${text}\`: platter has no finding with this code`,
      meant === undefined ? "Take the code from the output of `platter inspect`." : `Write \`${meant}\`.`,
    );
  }
  const code = text as FindingCode;
  if (FINDINGS[code].severity !== "error") return code;
  const reason = `it is an error (${FINDINGS[code].title}), and no ISO boots until it is corrected`;
  throw refusal(`Cannot ignore \`${code}\`: ${reason}`, FINDINGS[code].fix);
}

function refusal(message: string, hint: string): PlatterError {
  return new PlatterError({ code: "E_IGNORE", kind: "usage", message, hint });
}

/** The findings that are not ignored. */
export function withoutIgnored(findings: readonly Finding[], ignored: ReadonlySet<FindingCode>): Finding[] {
  return findings.filter(({ code }) => !ignored.has(code));
}
