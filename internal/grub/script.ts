/** GRUB's scripting language, as far as needed to find the files of a menu (GRUB manual, "Shell-like scripting"). */

export interface GrubCommand {
  /** The words, without quotes, and with known variables replaced. {@link hasVariable} finds the others. */
  words: string[];
  /** Line number, counted from 1. */
  line: number;
  /** Whether the command is inside an `if` or its condition. Its files may be missing. */
  conditional: boolean;
  /** The title, if the command is inside a `menuentry`. */
  entry: string | undefined;
}

interface Token {
  kind: "word" | "end" | "open" | "close";
  text: string;
  line: number;
  /** Whether a quote in this word is not closed. */
  isOpenQuote?: boolean;
}

/** Longer than any menu. The rest of a longer text is not read, and a longer value is not stored in a variable. */
const MAX_SCRIPT = 1024 * 1024;
const MAX_VALUE = 4096;
const MAX_EXPANSION = 65536;
const MAX_SYNTAX_PROBLEMS = 20;

/** All commands in the order in which they are written. Variables that `set` gives a plain value are replaced. */
export function readGrubScript(script: string): GrubCommand[] {
  const commands: GrubCommand[] = [];
  const variables = new Map<string, string>();
  const entries: (string | undefined)[] = [];
  let depth = 0;
  let words: Token[] = [];
  const flush = () => {
    const first = words[0];
    if (first === undefined) return;
    // `if`, `elif` and `while` begin a condition, which is a command of its own.
    const opens = ["if", "elif", "while", "until"].includes(first.text);
    if (first.text === "if" || first.text === "while" || first.text === "until") depth++;
    const isKeyword = opens || ["then", "else", "do"].includes(first.text);
    const command = words.slice(isKeyword ? 1 : 0).map((word) => expand(word.text, variables));
    if (command.length > 0) {
      commands.push({
        words: command,
        line: first.line,
        conditional: depth > 0,
        entry: entries.at(-1),
      });
      remember(command, variables);
    }
    if (first.text === "fi" || first.text === "done") depth = Math.max(0, depth - 1);
    words = [];
  };
  for (const token of tokensOf(script.slice(0, MAX_SCRIPT))) {
    switch (token.kind) {
      case "word":
        words.push(token);
        if (words.length === 1 && ["then", "else", "do"].includes(token.text)) words = [];
        break;
      case "end":
        flush();
        break;
      case "open": {
        const isEntry = words[0]?.text === "menuentry" || words[0]?.text === "submenu";
        entries.push(isEntry ? expand(words[1]?.text ?? "", variables) || "(no title)" : entries.at(-1));
        flush();
        break;
      }
      case "close":
        flush();
        entries.pop();
        break;
      default:
        token.kind satisfies never;
    }
  }
  flush();
  return commands;
}

/** A fault for which GRUB refuses the whole script. */
export interface GrubSyntaxProblem {
  line: number;
  /** Completes "line 3 …". */
  what: string;
}

/** Faults that GRUB's parser refuses and that authors make easily: operators of other shells, missing ends. */
export function grubSyntaxProblems(script: string): GrubSyntaxProblem[] {
  const problems: GrubSyntaxProblem[] = [];
  const open: number[] = [];
  for (const { kind, text, line, isOpenQuote } of tokensOf(script.slice(0, MAX_SCRIPT))) {
    if (problems.length >= MAX_SYNTAX_PROBLEMS) break;
    if (kind === "end" && (text === "|" || text === "&"))
      problems.push({ line, what: `has \`${text}\`, which GRUB lacks` });
    if (kind === "open") open.push(line);
    if (kind === "close" && open.pop() === undefined)
      problems.push({ line, what: "closes a block that was not opened" });
    if (isOpenQuote) problems.push({ line, what: "opens a quote that is never closed" });
  }
  for (const line of open.slice(0, 1)) problems.push({ line, what: "opens a block that is never closed" });
  return problems;
}

function remember(command: readonly string[], variables: Map<string, string>): void {
  if (command[0] !== "set") return;
  const [, name, value] = /^(\w+)=(.*)$/s.exec(command[1] ?? "") ?? [];
  if (name !== undefined && value !== undefined && value.length <= MAX_VALUE) variables.set(name, value);
}

/** Marks the place of a variable in a word; a dollar in single quotes is not a variable. */
const VARIABLE = "\0";

/** Whether a word holds a variable whose value only GRUB knows. */
export function hasVariable(word: string): boolean {
  return word.includes(VARIABLE);
}

/** A word of {@link readGrubScript} as a script writes it, with `${name}` for variables. */
export function writtenWord(word: string): string {
  return word.replace(/\0([^\0]*)\0/g, (_, name: string) => `\${${name}}`);
}

/** A variable at its place in a word. */
export function variableWord(name: string): string {
  return `${VARIABLE}${name}${VARIABLE}`;
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  let room = MAX_EXPANSION;
  return text.replace(/\0(\w+|[?@*#])\0/g, (_, name: string) => {
    const value = variables.get(name) ?? variableWord(name);
    room -= value.length;
    return room < 0 ? "" : value;
  });
}

function* tokensOf(script: string): Iterable<Token> {
  let line = 1;
  for (let at = 0; at < script.length; ) {
    const character = script[at]!;
    if (character === "\n" || character === ";" || character === "|" || character === "&") {
      yield { kind: "end", text: character, line };
      if (character === "\n") line++;
      at++;
    } else if (character === "{" || character === "}") {
      yield { kind: character === "{" ? "open" : "close", text: character, line };
      at++;
    } else if (/\s/.test(character)) {
      at++;
    } else if (character === "#") {
      const end = script.indexOf("\n", at);
      at = end < 0 ? script.length : end;
    } else {
      const word = readWord(script, at);
      if (word.isWord) yield { kind: "word", text: word.text, line, isOpenQuote: word.isOpenQuote };
      line += script.slice(at, word.end).split("\n").length - 1;
      at = word.end;
    }
  }
}

interface Word {
  text: string;
  end: number;
  /** False if there is only a line continuation. */
  isWord: boolean;
  isOpenQuote: boolean;
}

function readWord(script: string, start: number): Word {
  let text = "";
  let isWord = false;
  let isOpenQuote = false;
  let at = start;
  let quoted = false;
  while (at < script.length) {
    const character = script[at]!;
    if (character === "'" && !quoted) {
      const end = script.indexOf("'", at + 1);
      const stop = end < 0 ? script.length : end;
      isOpenQuote = end < 0;
      isWord = true;
      text += script.slice(at + 1, stop).replaceAll(VARIABLE, "");
      at = stop + 1;
    } else if (character === '"') {
      quoted = !quoted;
      isWord = true;
      at++;
    } else if (character === "\\" && (!quoted || /[$"\\\n]/.test(script[at + 1] ?? ""))) {
      const next = script[at + 1] ?? "";
      text += next === "\n" ? "" : next;
      at += 2;
    } else if (character === "$") {
      const [whole, braced, bare] =
        /^\$(?:\{([^}\n]+)\}|(\w+|[?@*#]))/.exec(script.slice(at, at + 200)) ?? [];
      text += whole === undefined ? "$" : variableWord((braced ?? bare)!);
      at += whole?.length ?? 1;
    } else if (!quoted && /[\s;|&{}]/.test(character)) {
      break;
    } else {
      text += character === VARIABLE ? "" : character;
      at++;
    }
  }
  // An empty pair of quotes is a word too. Without any progress the loop would not end.
  return {
    text,
    end: Math.max(at, start + 1),
    isWord: isWord || text !== "",
    isOpenQuote: isOpenQuote || quoted,
  };
}
