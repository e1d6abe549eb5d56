/** The meaning of a colour: an error, a warning, a note, a success, or text of less interest. */
export type Tone = "error" | "warning" | "note" | "good" | "dim";

/** How text is shown: the width of the terminal, and its colours. */
export interface Style {
  /** Columns at which lines are wrapped. Undefined if lines are not wrapped. */
  readonly columns: number | undefined;
  /** The text in the colour of its meaning. The caller escapes the text first. */
  paint(tone: Tone, text: string): string;
}

/** Text for a file or a pipe: without colours, and without a limit of columns. */
export const PLAIN: Style = { columns: undefined, paint: (_, text) => text };

/** Parameters of the control sequence SGR (ECMA-48, 8.3.117). */
const COLOURS: Readonly<Record<Tone, number>> = { error: 31, warning: 33, note: 36, good: 32, dim: 90 };

/** The text in the colour of its meaning, for a terminal. */
export function ansiPaint(tone: Tone, text: string): string {
  return `\x1b[${COLOURS[tone]}m${text}\x1b[0m`;
}
