/**
 * What all JSON documents that platter prints have in common. Their schemas are functions, so that only `platter schema`
 * takes the time to make them.
 */
import { z } from "zod";
import { errorData, errorSchema } from "./error-document.ts";

/** Increased when a field of a document is removed or gets another meaning. */
export const DOCUMENT_VERSION = 1;

/** The first field of every document. */
export const versionSchema = () =>
  z
    .literal(DOCUMENT_VERSION)
    .describe("Version of this format. It changes if a field is removed or gets another meaning.");

/** The schema of the result of a command: the version, the fields, and the error of a command that failed. */
export function resultSchema<F extends z.ZodRawShape>(fields: F) {
  return z.strictObject({
    version: versionSchema(),
    ...fields,
    error: errorSchema().optional().describe("The error of the command. Missing if the command succeeded."),
  });
}

/** The schema of the document of a command that failed before it had a result. */
export const failureSchema = () => z.strictObject({ version: versionSchema(), error: errorSchema() });

/** A document as a function returns it. Nothing in it is changed afterwards. */
export type Document<S extends () => z.ZodType> = Unchanged<z.output<ReturnType<S>>>;

type Unchanged<T> = T extends string ? T : { readonly [K in keyof T]: Unchanged<T[K]> };

/**
 * The text for standard output after a run: the result, and the error of a run that failed. Undefined if there is
 * neither.
 */
export function printDocument(result: object | undefined, error: unknown): string | undefined {
  if (result === undefined && error === undefined) return undefined;
  const told = error === undefined ? {} : { error: errorData(error) };
  return `${JSON.stringify({ ...(result ?? { version: DOCUMENT_VERSION }), ...told }, null, 2)}\n`;
}
