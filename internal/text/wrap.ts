import type { Style } from "../base/style.ts";

/** Stands for a space at which a line is not broken. It is a noncharacter of Unicode, which texts do not contain. */
const GLUE = "\ufdd0";

/**
 * The text in lines of at most `columns`, each after the first with `indent` spaces. A word, or a part in backticks, is
 * broken only if it is longer than a line. `lead` is shown before the first line, and counts as `indent` columns.
 */
export function wrapped(text: string, options: { style: Style; indent: number; lead?: string }): string[] {
  const { style, indent, lead = "" } = options;
  if (style.columns === undefined) return [lead + text];
  const width = Math.max(1, style.columns - indent);
  const glued = text.replace(/`[^`]*`/g, (span) =>
    Bun.stringWidth(span) <= width ? span.replaceAll(" ", GLUE) : span,
  );
  const [first = "", ...others] = Bun.wrapAnsi(glued, width, { hard: true })
    .replaceAll(GLUE, " ")
    .split("\n");
  return [lead + first, ...others.map((line) => " ".repeat(indent) + line)];
}

/** A line whose spaces have a meaning, such as a table or an excerpt. It is wrapped only if it is too long. */
export function wrappedUnchanged(line: string, { columns }: Style): string[] {
  if (columns === undefined || Bun.stringWidth(line) <= columns) return [line];
  return Bun.wrapAnsi(line, columns, { hard: true, trim: false }).split("\n");
}

/**
 * A line whose characters have one column each, cut to `columns` so that the character at `caret` stays in it. The first
 * `margin` characters stay, too. Ellipses show where the line is cut. `shift` is the number of characters that are cut
 * before the caret.
 */
export function cutAround(
  line: string,
  { columns, margin, caret }: { columns: number; margin: number; caret: number },
): { line: string; shift: number } {
  const characters = [...line];
  if (characters.length <= columns) return { line, shift: 0 };
  const width = Math.max(3, columns - margin);
  const last = characters.length - width;
  const start = Math.max(margin, Math.min(caret - Math.floor(width / 2), last));
  const part = characters.slice(start, start + width);
  if (start > margin) part[0] = "…";
  if (start < last) part[width - 1] = "…";
  return { line: [...characters.slice(0, margin), ...part].join(""), shift: start - margin };
}

/** The beginning of the text that fits into `columns`. An ellipsis shows that something is left out. */
export function shortened(text: string, columns: number): string {
  return Bun.stringWidth(text) <= columns ? text : Bun.sliceAnsi(text, 0, columns, "…");
}
