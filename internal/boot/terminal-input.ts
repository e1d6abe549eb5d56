/** One instruction for a terminal: text, or a movement of its cursor. Colours, modes and erasing are left out. */
export type TerminalItem =
  | { kind: "text"; text: string }
  /** `\r`, `\n`, `\b` or `\t`. */
  | { kind: "control"; character: string }
  /** CUP: to a row and a column, counted from 1. */
  | { kind: "position"; row: number; column: number }
  /** CHA: to a column of the same row. */
  | { kind: "column"; column: number }
  /** CUU, CUD, CUF, CUB: by a number of rows and columns. */
  | { kind: "move"; rows: number; columns: number }
  /** ED 2 or RIS: the screen is cleared. */
  | { kind: "clear" };

/** Characters. A longer unfinished sequence is dropped. */
const MAX_SEQUENCE = 64;

/** Reads the output of a serial console (ECMA-48). A chunk may end within a character or a sequence. */
export class TerminalInput {
  readonly #decoder = new TextDecoder();
  #unfinished = "";

  feed(chunk: Uint8Array): TerminalItem[] {
    const all = this.#unfinished + this.#decoder.decode(chunk, { stream: true });
    const tail = /\x1b(?:[[(][0-9;?=]*)?$/.exec(all)?.[0] ?? "";
    this.#unfinished = tail.length > MAX_SEQUENCE ? "" : tail;
    const items: TerminalItem[] = [];
    const tokens = /\x1b\[([0-9;?=]*)([A-Za-z@`])|\x1b(?:\([A-Z0-9]|[^[(])|[\r\n\b\t]|[^\x00-\x1f\x7f]+/g;
    for (const [token, parameters, final] of all.slice(0, all.length - tail.length).matchAll(tokens)) {
      const item = final === undefined ? plainItem(token) : sequenceItem(final, parameters!);
      if (item !== undefined) items.push(item);
    }
    return items;
  }
}

function plainItem(token: string): TerminalItem | undefined {
  if (token.startsWith("\x1b")) return token === "\x1bc" ? { kind: "clear" } : undefined;
  return token < " " ? { kind: "control", character: token } : { kind: "text", text: token };
}

function sequenceItem(final: string, parameters: string): TerminalItem | undefined {
  const numbers = parameters.split(";").map((each) => Number.parseInt(each, 10) || 1);
  const [first = 1, second = 1] = numbers;
  switch (final) {
    case "H":
    case "f":
      return { kind: "position", row: first, column: second };
    case "G":
    case "`":
      return { kind: "column", column: first };
    case "A":
      return { kind: "move", rows: -first, columns: 0 };
    case "B":
      return { kind: "move", rows: first, columns: 0 };
    case "C":
      return { kind: "move", rows: 0, columns: first };
    case "D":
      return { kind: "move", rows: 0, columns: -first };
    case "J":
      return parameters === "2" ? { kind: "clear" } : undefined;
    default:
      return undefined;
  }
}
