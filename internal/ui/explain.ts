/** Explains a code that platter prints: of a finding, an error, a warning, a problem of a finished ISO, a failed boot, or an exit. */
import { PlatterError } from "../base/error.ts";
import { ERRORS, type ErrorText } from "../base/error-codes.ts";
import { ALL_EXIT_CODES, BUG_EXIT_CODE, EXIT_CODES } from "../base/exit-codes.ts";
import { WARNINGS, type WarningCode } from "../base/warning-codes.ts";
import { BOOT_FAILURES, type BootFailureCode } from "../boot/boot-failures.ts";
import { PROBLEMS, type ProblemCode } from "../bytes/problem-codes.ts";
import { errorCodeOf, FINDINGS, type FindingCode, textOf } from "../contract/findings/finding.ts";
import { FINDING_ERROR_KINDS } from "../contract/findings/findings-error.ts";
import type { Explanation } from "../documents/explain-document.ts";
import { nearest } from "../text/nearest.ts";
import { BOOT_WAY_NAMES } from "./boot-claims-text.ts";

/** Codes that {@link explain} knows, apart from exit codes and from errors that a single finding causes. */
export const EXPLAINED_CODES: readonly string[] = [
  FINDINGS,
  ERRORS,
  WARNINGS,
  PROBLEMS,
  BOOT_FAILURES,
].flatMap((table) => Object.keys(table));

/** @throws PlatterError `E_EXPLAIN` */
export function explain(text: string): Explanation {
  const [upper, lower] = [text.toUpperCase(), text.toLowerCase()];
  const finding = Object.keys(FINDINGS).find(
    (code) => code === upper || errorCodeOf(code as FindingCode) === upper,
  );
  if (finding !== undefined) return ofFinding(finding as FindingCode);
  if (Object.hasOwn(ERRORS, upper)) return ofError(upper as keyof typeof ERRORS);
  if (Object.hasOwn(WARNINGS, upper)) return ofWarning(upper as WarningCode);
  if (Object.hasOwn(PROBLEMS, lower)) return ofProblem(lower as ProblemCode);
  if (Object.hasOwn(BOOT_FAILURES, upper)) return ofBootFailure(upper as BootFailureCode);
  const exit = ALL_EXIT_CODES.find(({ code }) => String(code) === text);
  if (exit !== undefined) return { ...exit, code: text, type: "exit code", exitCodes: [exit.code] };
  const meant = nearest(text, EXPLAINED_CODES);
  throw new PlatterError({
    code: "E_EXPLAIN",
    kind: "usage",
    message: `Cannot explain \`${text}\`: platter does not have this code`,
    hint: meant === undefined ? ERRORS.E_EXPLAIN.fix : `Try \`platter explain ${meant}\`.`,
  });
}

function ofFinding(code: FindingCode): Explanation {
  const { severity, kind, title, why, fix, boot } = textOf(code);
  const entry = { code, type: "finding", severity, title, why, fix } as const;
  const ways = boot?.ways.map((way) => BOOT_WAY_NAMES[way]).join(", ");
  return {
    ...entry,
    ...(boot && {
      booting: boot.effect === "breaks" ? `does not boot with ${ways}` : `limited with ${ways}`,
    }),
    ...(severity !== "note" && { errorCode: errorCodeOf(code) }),
    exitCodes: severity === "note" ? [] : [EXIT_CODES[FINDING_ERROR_KINDS[kind]].code],
  };
}

function ofError(code: keyof typeof ERRORS): Explanation {
  const { title, fix, kinds }: ErrorText = ERRORS[code];
  const exitCodes = kinds.length === 0 ? [BUG_EXIT_CODE] : kinds.map((kind) => EXIT_CODES[kind].code);
  return { code, type: "error", title, fix, exitCodes };
}

function ofWarning(code: WarningCode): Explanation {
  return { code, type: "warning", ...WARNINGS[code], exitCodes: [] };
}

function ofProblem(code: ProblemCode): Explanation {
  const fix = "Make or download the ISO again. `platter verify` shows the place.";
  return { code, type: "problem", title: PROBLEMS[code], fix, exitCodes: [EXIT_CODES.media.code] };
}

function ofBootFailure(code: BootFailureCode): Explanation {
  const fix = "Read the hint, the console and the screenshot that `platter boot` names.";
  return { code, type: "failed boot", title: BOOT_FAILURES[code], fix, exitCodes: [EXIT_CODES.media.code] };
}

/** The explanation for people. */
export function renderExplanation(explanation: Explanation): string {
  const { code, type, title, severity, why, fix, booting, errorCode, exitCodes } = explanation;
  const cause = type === "finding" && severity === "warning" ? " with --strict" : "";
  const rows = [
    ["type", severity === undefined ? type : `${type}, ${severity}`],
    ["why", why],
    ["what to do", fix],
    ["booting", booting],
    ["error", errorCode && `${errorCode}${cause}`],
    ["exit code", exitCodes.length === 0 || type === "exit code" ? undefined : exitCodes.join(" or ")],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name!.padEnd(12)}${value}`]));
  return `${code}: ${title}\n\n${rows.join("\n")}\n`;
}
