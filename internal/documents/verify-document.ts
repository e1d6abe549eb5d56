import { z } from "zod";
import { PROBLEMS, type ProblemCode } from "../bytes/problem-codes.ts";
import { BOOT_WAYS, type BootWay, bootClaimsSchema } from "../contract/findings/boot-claims.ts";
import { unmetWays, type Verdict } from "../verify/verdict.ts";
import { CHECK_CODES, type VerifyReport } from "../verify/verify-report.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const problemSchema = () =>
  z
    .strictObject({
      code: z
        .enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]])
        .describe("Stable code. `platter explain CODE` explains it."),
      detail: z.string().describe("The problem, as a sentence without a full stop."),
      offset: z.int().optional().describe("Byte of the ISO at which the problem is visible."),
      severity: z.literal("warning").optional().describe("After a warning the check does not fail."),
    })
    .describe("A problem of the ISO.");

const checkSchema = () =>
  z
    .strictObject({
      code: z.enum(CHECK_CODES).describe("Stable code of the check."),
      name: z.string().describe("The part of the ISO that was checked."),
      status: z
        .enum(["ok", "warning", "problem", "absent"])
        .describe("`absent` if the ISO does not have this part. Only `problem` fails the check."),
      detail: z.string().describe("What was found, or the first problem."),
      problems: z.array(problemSchema()).describe("All problems of this part."),
    })
    .describe("A check of one part of the ISO.");

export const verifySchema = () =>
  resultSchema({
    ok: z.boolean().describe("Whether the ISO passed all checks and boots in all required ways."),
    verdict: z
      .enum(["boots", "boots-nowhere", "incomplete", "not-an-iso"])
      .describe("`boots` if the ISO boots in at least one way."),
    boots: bootClaimsSchema
      .optional()
      .describe("Where the ISO boots. Missing if the file is not a whole ISO."),
    missing: z.int().optional().describe("Bytes that are missing. Only for the verdict `incomplete`."),
    volumeSize: z
      .int()
      .optional()
      .describe("Bytes that the file should have. Only for the verdict `incomplete`."),
    reason: z
      .string()
      .optional()
      .describe('Completes a sentence that begins with "it". Only for the verdict `not-an-iso`.'),
    required: z.array(z.enum(BOOT_WAYS)).describe("The ways of --require."),
    size: z.int().optional().describe("Bytes of the file. Missing if it is not an ISO."),
    volumeId: z.string().optional().describe("Label of the ISO. Missing if it cannot be read."),
    checks: z.array(checkSchema()).optional().describe("All checks. Missing if the file is not an ISO."),
  });

/** The result of `verify`. `report` is undefined for a file that is not an ISO. */
export function verifyDocument(options: {
  verdict: Verdict;
  required: readonly BootWay[];
  report: VerifyReport | undefined;
}): Document<typeof verifySchema> {
  const { verdict, required, report } = options;
  const { kind, ...rest } = verdict;
  const ok = report?.ok === true && kind === "boots" && unmetWays(verdict, required).length === 0;
  const told =
    report === undefined ? {} : { size: report.size, volumeId: report.volumeId, checks: report.checks };
  return { version: DOCUMENT_VERSION, ok, verdict: kind, ...rest, required, ...told };
}
