import { z } from "zod";
import { PRINTABLE } from "../grub/quote.ts";

/** {@link PRINTABLE} for validators that do not know all of ECMAScript's regular expressions, such as Python's. */
const PORTABLE_PRINTABLE = "^[^\\x00-\\x1f\\x7f-\\x9f]*$";

/**
 * The JSON Schema of a zod schema (draft 2020-12). Shared parts are in `$defs`. A refinement that is a function has no
 * counterpart, so the JSON Schema may accept more.
 */
export function jsonSchemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const text = JSON.stringify(z.toJSONSchema(schema, { io, unrepresentable: "any" }));
  return JSON.parse(text, (key, value) => {
    // All numbers in JSON have these bounds.
    if (Math.abs(value) === Number.MAX_SAFE_INTEGER) return undefined;
    return key === "pattern" && value === PRINTABLE.source ? PORTABLE_PRINTABLE : value;
  });
}
