import { z } from "zod";

/** A place in a text file; lines and columns count from 1. */
export const placeSchema = z.strictObject({
  file: z.string(),
  line: z.int().min(1),
  column: z.int().min(1),
  /** The line with its number, and under it a caret; printable as it stands. */
  excerpt: z.array(z.string()),
});
export type Place = z.infer<typeof placeSchema>;

/** Columns of source shown on either side of the caret. */
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
  const before = printable(source.slice(start, at));
  const after = printable(source.slice(at, at + SPAN));
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

/** Text that is safe on a terminal: a tab becomes a space, any other control character `\xNN`. */
export function printable(text: string): string {
  return text
    .replaceAll("\t", " ")
    .replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (character) => {
      const hex = character.charCodeAt(0).toString(16);
      return hex.length > 2 ? `\\u${hex}` : `\\x${hex.padStart(2, "0")}`;
    });
}
