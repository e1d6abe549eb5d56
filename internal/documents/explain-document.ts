import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const explanationSchema = () =>
  z.strictObject({
    code: z.string().describe("The code."),
    type: z
      .enum(["finding", "error", "warning", "problem", "failed boot", "exit code"])
      .describe("The kind of thing that the code stands for."),
    title: z.string().describe("Meaning of the code, as a phrase."),
    severity: z.enum(["error", "warning", "note"]).optional().describe("Severity of a finding."),
    why: z.string().optional().describe("Why a finding matters, as a sentence."),
    fix: z.string().optional().describe("What to do, as a sentence."),
    booting: z.string().optional().describe("Effect of a finding on booting, as a phrase."),
    errorCode: z.string().optional().describe("Code of the error that the finding alone causes."),
    exitCodes: z.array(z.int()).describe("Exit codes of runs that end with this code."),
  });

/** The explanation of a code. */
export type Explanation = z.output<ReturnType<typeof explanationSchema>>;

export const explainSchema = () => resultSchema(explanationSchema().shape);

/** The result of `explain`. */
export function explainDocument(explanation: Explanation): Document<typeof explainSchema> {
  return { version: DOCUMENT_VERSION, ...explanation };
}
