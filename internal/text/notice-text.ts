import type { Notice, NoticeLine } from "../base/notice.ts";
import type { Style } from "../base/style.ts";
import { printable } from "./printable.ts";
import { wrapped, wrappedUnchanged } from "./wrap.ts";

/** Columns of a label with its spaces, so that the texts of all labels begin in one column. */
const LABEL = "  where: ".length;
const INDENT = 2;

/**
 * A notice as lines: `warning[F_MM_MISSING]: MESSAGE`, and below it the labelled lines. Control characters are escaped.
 */
export function noticeLines({ severity, code, message, lines = [] }: Notice, style: Style): string[] {
  const head = style.paint(severity, code === undefined ? severity : `${severity}[${code}]`);
  return [
    ...wrapped(`${head}: ${printable(message)}`, { style, indent: INDENT }),
    ...lines.flatMap((line) => labelled(line, style)),
  ];
}

function labelled({ label, text }: NoticeLine, style: Style): string[] {
  const safe = printable(text);
  if (label === undefined) return wrappedUnchanged(" ".repeat(INDENT) + safe, style);
  return wrapped(safe, { style, indent: LABEL, lead: `  ${label}:`.padEnd(LABEL) });
}
