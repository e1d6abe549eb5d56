import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

export const containerfileSchema = () =>
  resultSchema({
    containerfile: z.string().describe("Text of the Containerfile."),
    file: z.string().nullable().describe("Path of the file that was written. Null without -o."),
  });

/** The result of `containerfile`. */
export function containerfileDocument(result: {
  containerfile: string;
  file: string | undefined;
}): Document<typeof containerfileSchema> {
  const { containerfile, file = null } = result;
  return { version: DOCUMENT_VERSION, containerfile, file };
}
