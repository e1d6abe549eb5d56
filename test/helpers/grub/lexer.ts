// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GRUB has variables of its own.
/** A command of a GRUB script: its words, quotes removed and variables put in. Braces are commands of their own. */
export type Command = string[];

/**
 * Reads a GRUB script by the rules of the GRUB manual ("Shell-like scripting", "Quoting") as an independent check of
 * what platter writes. Variables that are not in `variables` are an error, and so is `$` that begins none, a metacharacter
 * that platter never writes, and a quote that is not closed.
 */
export function lexGrub(script: string, variables: Readonly<Record<string, string>> = {}): Command[] {
  const commands: Command[] = [];
  let words: string[] = [];
  let word: string | undefined;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    if (words.length > 0) commands.push(words);
    words = [];
  };
  let at = 0;
  const variable = () => {
    const [all, braced, plain] = /^\$(?:\{(\w+)\}|(\w+))/.exec(script.slice(at)) ?? [];
    const value = variables[braced ?? plain ?? ""];
    if (all === undefined || value === undefined)
      throw new Error(`unexpected $ in ${script.slice(at, at + 20)}`);
    at += all.length;
    return value;
  };
  while (at < script.length) {
    const character = script[at]!;
    if (character === "\n" || character === ";") {
      endCommand();
      at++;
    } else if (character === " " || character === "\t") {
      endWord();
      at++;
    } else if (character === "#" && word === undefined) {
      while (at < script.length && script[at] !== "\n") at++;
    } else if (character === "'") {
      const end = script.indexOf("'", at + 1);
      if (end < 0) throw new Error("a single quote is not closed");
      word = (word ?? "") + script.slice(at + 1, end);
      at = end + 1;
    } else if (character === '"') {
      word ??= "";
      for (at++; script[at] !== '"'; ) {
        if (at >= script.length) throw new Error("a double quote is not closed");
        if (script[at] === "$") word += variable();
        else if (script[at] === "\\" && '$"\\\n'.includes(script[at + 1] ?? "x")) {
          word += script[at + 1];
          at += 2;
        } else word += script[at++];
      }
      at++;
    } else if (character === "\\") {
      if (script[at + 1] !== "\n") word = (word ?? "") + (script[at + 1] ?? "");
      at += 2;
    } else if (character === "$") {
      word = (word ?? "") + variable();
    } else if (character === "{" || character === "}") {
      endCommand();
      commands.push([character]);
      at++;
    } else if ("|&<>".includes(character)) {
      throw new Error(`unexpected ${character}`);
    } else {
      word = (word ?? "") + character;
      at++;
    }
  }
  endCommand();
  return commands;
}

/** Text that is hard on a lexer, in one line. */
export const NASTY = [
  "it's",
  "''",
  "'",
  '"',
  '"double"',
  "back\\slash",
  "ends in \\",
  "\\'",
  "$root",
  "${root}",
  "$(reboot)",
  "`reboot`",
  "$",
  "$$",
  "$?",
  "$'x'",
  '$"x"',
  "a;b",
  "; reboot",
  "}",
  "{",
  "} menuentry x {",
  "'; reboot; '",
  "' }\\",
  "a|b&c",
  "<in >out",
  "#comment",
  "a#b",
  " leading",
  "trailing ",
  "two  spaces",
  "*",
  "/usr/*",
  "[a-z]?",
  "~root",
  "!x",
  "!",
  "[[",
  "]]",
  "if",
  "fi",
  "menuentry",
  "function",
  "--help",
  "--class=x",
  "-",
  "--",
  "%s%n",
  "@LABEL@",
  "@ENTRIES@",
  "$&",
  "$1",
  "$<name>",
  "a=b c",
  "Basic Graphics — safe",
  "日本語",
  "🐧",
];
