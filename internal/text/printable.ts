/**
 * C0 and C1 controls, DEL, lone surrogates, line and paragraph separators, and the controls of the Unicode
 * bidirectional algorithm (UAX 9, section 2), which reorder the text around them.
 */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/**
 * One line of text that is safe on a terminal and in a log: characters that could move the cursor, change the order of
 * other characters or begin a new line become `\xNN` or `\uNNNN`. The result contains no line break.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const hex = character.charCodeAt(0).toString(16);
    return hex.length > 2 ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`;
  });
}

/** Like {@link printable} for a text of several lines: its line feeds stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
