import type { Style } from "../base/style.ts";

/**
 * The text in lines of at most `columns`, each after the first with `indent` spaces. A word is broken only if it is
 * longer than a line. `lead` is shown before the first line, and counts as `indent` columns.
 */
export function wrapped(text: string, options: { style: Style; indent: number; lead?: string }): string[] {
  const { style, indent, lead = "" } = options;
  if (style.columns === undefined) return [lead + text];
  const width = Math.max(1, style.columns - indent);
  const [first = "", ...others] = Bun.wrapAnsi(text, width, { hard: true }).split("\n");
  return [lead + first, ...others.map((line) => " ".repeat(indent) + line)];
}

/** A line whose spaces have a meaning, such as a table or an excerpt. It is wrapped only if it is too long. */
export function wrappedUnchanged(line: string, { columns }: Style): string[] {
  if (columns === undefined || Bun.stringWidth(line) <= columns) return [line];
  return Bun.wrapAnsi(line, columns, { hard: true, trim: false }).split("\n");
}

/** The beginning of the text that fits into `columns`. An ellipsis shows that something is left out. */
export function shortened(text: string, columns: number): string {
  return Bun.stringWidth(text) <= columns ? text : Bun.sliceAnsi(text, 0, columns, "…");
}
