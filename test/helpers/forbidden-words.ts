/** Words for which CONTRIBUTING.md asks for plainer ones. */
const FORBIDDEN_WORDS = [
  "anew",
  "whoever",
  "(?:is|are|was|were) none",
  "is no",
  "ha(?:s|ve) it not",
  "has not (?:a|an|any|the)",
  "be had",
  "let go of",
  "in place of",
  "for who",
  "at once",
  "meanwhile",
  "behind",
  "beside",
  "comes? to",
  "lies",
  "stands?(?! for)",
  "tells?",
  "told",
  "in vain",
];
const FORBIDDEN = new RegExp(FORBIDDEN_WORDS.map((words) => `\\b${words}\\b`).join("|"), "gi");

/** Each forbidden word of a text, with the words around it. A phrase may go on in the next line. */
export function forbiddenIn(text: string): string[] {
  // In comments a line may begin with the mark of the comment.
  const line = text.replace(/\s+(?:(?:\*|\/\/|#)\s+)?/g, " ");
  return [...line.matchAll(FORBIDDEN)].map(({ index, 0: { length } }) =>
    line.slice(Math.max(0, index - 30), index + length + 30),
  );
}
