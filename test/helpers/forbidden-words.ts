/** Words for which CONTRIBUTING.md asks for plainer ones. */
const FORBIDDEN = new RegExp(
  [
    "anew",
    "whoever",
    "(?:is|are) none",
    "is no",
    "has it not",
    "be had",
    "let go of",
    "in place of",
    "for who",
    "at once",
    "meanwhile",
    "beside",
  ]
    .map((words) => `\\b${words}\\b`)
    .join("|"),
  "gi",
);

/** Each forbidden word of a text, with the words around it. A phrase may go on in the next line. */
export function forbiddenIn(text: string): string[] {
  const line = text.replace(/\s+/g, " ");
  return [...line.matchAll(FORBIDDEN)].map(({ index, 0: { length } }) =>
    line.slice(Math.max(0, index - 30), index + length + 30),
  );
}
