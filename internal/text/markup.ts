import { printableLines } from "./printable.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text for HTML or XML 1.0, between tags or in a quoted attribute: lines that are safe on a terminal, without
 * characters that XML forbids.
 */
export function escapeMarkup(text: string): string {
  return printableLines(text)
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (each) => ENTITIES[each]!);
}
