import { PlatterError } from "../base/error.ts";

/** Text of one line: no control character, no lone surrogate, no Unicode line separator; may be empty. */
export const PRINTABLE = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;

/** Characters without a meaning to GRUB's lexer, at the beginning of a word and within it. */
const PLAIN = /^[A-Za-z0-9_/.:=,+@%-]+$/;

/** GRUB manual, "Shell-like scripting": words with a special meaning at the beginning of a command. */
const RESERVED = new Set(
  "case do done elif else esac fi for function if in menuentry select then time until while".split(" "),
);

/**
 * A text as one word of grub.cfg. Plain words stay as they are, so that tools which patch a label on `linux` lines find
 * it; all others are put in single quotes. GRUB does not have an escape inside them, so a quote is written outside, as
 * `\'`.
 * @throws PlatterError `E_GRUB_TEXT` for text that is not {@link PRINTABLE}
 */
export function quoteWord(text: string): string {
  if (!PRINTABLE.test(text)) {
    throw new PlatterError({
      code: "E_GRUB_TEXT",
      kind: "contract",
      message: `Cannot write ${JSON.stringify(text)} into a GRUB menu: it holds a control character`,
      hint: "Write menu texts and kernel arguments on one line, in printable characters.",
    });
  }
  if (PLAIN.test(text) && !RESERVED.has(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Words, each as one word of grub.cfg. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/**
 * The words of a `linux`, `initrd` or kernel argument text. Spaces separate; a part in single or double quotes keeps
 * its spaces and loses its quotes (`a="b c"` is the word `a=b c`, which GRUB passes to the kernel as `"a=b c"`). Every
 * other character stands for itself, the backslash included. Undefined if a quote is not closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const character of text) {
    if (quote !== undefined) {
      if (character === quote) quote = undefined;
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (character === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== undefined) return undefined;
  return word === undefined ? words : [...words, word];
}
