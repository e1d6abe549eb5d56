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

/** A {@link Place} in `text`; `line` and `column` count from 1. */
export function placeIn(text: string, { file, line, column }: Omit<Place, "excerpt">): Place {
  const source = (text.split("\n")[line - 1] ?? "").replace(/\r$/, "");
  const at = column - 1;
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
  return { file, line, column, excerpt };
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
