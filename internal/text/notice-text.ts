import type { Notice, NoticeLine } from "../base/notice.ts";
import type { Style } from "../base/style.ts";
import { printable } from "./printable.ts";
import { cutAround, wrapped, wrappedUnchanged } from "./wrap.ts";

/** Columns of a label with its spaces, so that the texts of all labels begin in one column. */
const LABEL = "  where: ".length;
const INDENT = 2;
/** In a terminal with fewer columns, the texts of labels begin in the column of the labels. */
const LEAST = 60;
/** The line below a line of a file: the number's column, a bar, and a caret. */
const CARET = /^( *\| )\s*\^/;

/**
 * A notice as lines: `warning[F_MM_MISSING]: MESSAGE`, and below it the labelled lines. Control characters are escaped.
 */
export function noticeLines({ severity, code, message, lines = [] }: Notice, style: Style): string[] {
  const head = style.paint(severity, code === undefined ? severity : `${severity}[${code}]`);
  return [
    ...wrapped(`${head}: ${printable(message)}`, { style, indent: INDENT }),
    ...withShortExcerpts(lines, style).flatMap((line) => labelled(line, style)),
  ];
}

function labelled({ label, text }: NoticeLine, style: Style): string[] {
  const safe = printable(text);
  if (label === undefined) return wrappedUnchanged(" ".repeat(INDENT) + safe, style);
  const isNarrow = style.columns !== undefined && style.columns < LEAST;
  if (isNarrow) return wrapped(`${label}: ${safe}`, { style, indent: INDENT, lead: " ".repeat(INDENT) });
  return wrapped(safe, { style, indent: LABEL, lead: `  ${label}:`.padEnd(LABEL) });
}

/** The lines of a notice. A line of a file that is too long is cut, so that the caret below stays under its character. */
function withShortExcerpts(lines: readonly NoticeLine[], { columns }: Style): readonly NoticeLine[] {
  if (columns === undefined) return lines;
  const short = [...lines];
  for (const [index, { label, text }] of lines.entries()) {
    const above = lines[index - 1];
    const margin = label === undefined ? CARET.exec(text)?.[1]?.length : undefined;
    if (margin === undefined || above === undefined || above.label !== undefined) continue;
    const caret = text.indexOf("^");
    const cut = cutAround(printable(above.text), { columns: columns - INDENT, margin, caret });
    short[index - 1] = { text: cut.line };
    short[index] = { text: text.slice(0, margin) + text.slice(margin + cut.shift) };
  }
  return short;
}
