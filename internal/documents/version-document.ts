import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const buildInfoSchema = () =>
  z.strictObject({
    platter: z.string().describe("Version of platter."),
    commit: z.string().nullable().describe("Commit it was compiled from. Null if it runs from its sources."),
    date: z.string().nullable().describe("Date of the commit. Null if it runs from its sources."),
    target: z
      .string()
      .nullable()
      .describe("System and processor it was compiled for. Null if it runs from its sources."),
    bun: z.string().describe("Version of Bun in it."),
  });

/** The versions and the commit of this program. */
export type BuildInfo = z.output<ReturnType<typeof buildInfoSchema>>;

export const versionDocumentSchema = () => resultSchema(buildInfoSchema().shape);

/** The result of `version`. */
export function versionDocument(info: BuildInfo): Document<typeof versionDocumentSchema> {
  return { version: DOCUMENT_VERSION, ...info };
}
