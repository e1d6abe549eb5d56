import { z } from "zod";
import { printable } from "../../text/printable.ts";

export const placeSchema = z
  .strictObject({
    file: z.string().describe("Path in the image, or of the user's file."),
    line: z.int().min(1).describe("Line, counted from 1."),
    column: z.int().min(1).describe("Column in characters, counted from 1."),
    excerpt: z
      .array(z.string())
      .describe(
        "The line with its number, and a line with a caret under it. Control characters are escaped.",
      ),
  })
  .describe("A place in a text file.");
export type Place = z.infer<typeof placeSchema>;

/** Columns of text that are shown on either side of the caret. */
const SPAN = 60;

/** The {@link Place} at `offset` characters from the beginning of `text`; `line` counts from 1. */
export function placeIn(
  text: string,
  { file, line, offset }: { file: string; line: number; offset: number },
): Place {
  const begin = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", offset);
  const source = text.slice(begin, end < 0 ? text.length : end).replace(/\r$/, "");
  const at = offset - begin;
  const start = Math.max(0, at - SPAN);
  const before = oneColumnEach(source.slice(start, at));
  const after = oneColumnEach(source.slice(at, at + SPAN));
  const number = String(line);
  const lead = start > 0 ? "…" : "";
  const tail = at + SPAN < source.length ? "…" : "";
  const gutter = " ".repeat(number.length);
  const excerpt = [
    `${number} | ${lead}${before}${after}${tail}`,
    `${gutter} | ${" ".repeat([...lead, ...before].length)}^`,
  ];
  return { file, line, column: at + 1, excerpt };
}

/** Replaces characters that do not have the width of one column, so that the caret is below its character. */
function oneColumnEach(text: string): string {
  return printable(text.replaceAll("\t", " "));
}
