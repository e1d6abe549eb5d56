import { z } from "zod";
import { PlatterError } from "../base/error.ts";
import { ERRORS } from "../base/error-codes.ts";
import { BUG_EXIT_CODE, type ErrorKind, EXIT_CODES } from "../base/exit-codes.ts";
import { PLAIN } from "../base/style.ts";
import { findingSchema } from "../contract/findings/finding.ts";
import { FindingsError } from "../contract/findings/findings-error.ts";
import { noticeLines } from "../text/notice-text.ts";

const KINDS = [...(Object.keys(EXIT_CODES) as ErrorKind[]), "bug"] as const;

export const errorSchema = () =>
  z
    .strictObject({
      code: z.string().describe("Stable code. `platter explain CODE` explains it."),
      kind: z.enum(KINDS).describe("Kind of the error, which decides the exit code."),
      message: z.string().describe("The failed action and its reason."),
      detail: z
        .array(z.string())
        .describe(
          "Further lines, such as the errors that it consists of, or the last lines of a program's log.",
        ),
      hint: z.string().nullable().describe("What to do, as a sentence. Null if that is not known."),
      log: z.string().nullable().describe("Path of a file with the full output of a failed program."),
      findings: z.array(findingSchema).describe("The findings that are the error. Empty for other errors."),
      exitCode: z.int().min(1).max(255).describe("Exit code of the command."),
    })
    .describe("Why a command failed.");

/** An error as JSON. An error that platter does not expect is a bug, and has its stack trace as the detail. */
export function errorData(error: unknown): z.output<ReturnType<typeof errorSchema>> {
  if (error instanceof PlatterError) {
    const { code, kind, message, hint = null, log = null, exitCode } = error;
    const findings = error instanceof FindingsError ? [...error.findings] : [];
    const causes = findings.length > 0 ? [] : (error.details.notices ?? []);
    const detail = [...error.detail, ...causes.flatMap((cause) => noticeLines(cause, PLAIN))];
    return { code, kind, message, detail, hint, log, findings, exitCode };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { fix } = ERRORS.E_BUG;
  return {
    code: "E_BUG",
    kind: "bug",
    message: error instanceof Error ? error.message : String(error),
    detail: stack.split("\n"),
    hint: fix,
    log: null,
    findings: [],
    exitCode: BUG_EXIT_CODE,
  };
}
