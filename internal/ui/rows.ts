import type { Style } from "../base/style.ts";
import { wrapped } from "../text/wrap.ts";

/** A row of a table: its name, and its lines, which are escaped and coloured already. */
export type Row = readonly [name: string, ...lines: string[]];

/** The least columns for the lines of rows. In a narrower terminal the lines are below the names. */
const LEAST = 24;
const BELOW = 6;

/** The rows as lines, wrapped at the terminal's width. All lines begin in one column. */
export function rowLines(rows: readonly Row[], style: Style): string[] {
  const beside = Math.max(...rows.map(([name]) => Bun.stringWidth(name))) + 2;
  const isNarrow = style.columns !== undefined && style.columns - beside < LEAST;
  const indent = isNarrow ? BELOW : beside;
  return rows.flatMap(([name, ...lines]) => {
    const heading = isNarrow ? [name] : [];
    const lead = name + " ".repeat(beside - Bun.stringWidth(name));
    return [
      ...heading,
      ...lines.flatMap((line, index) =>
        wrapped(line, { style, indent, lead: index === 0 && !isNarrow ? lead : " ".repeat(indent) }),
      ),
    ];
  });
}
