/** The reason why platter refuses a pattern. The message is the end of a sentence about a line. */
export class PatternProblem extends Error {}

/** The text of a pattern, one byte a character, and the position of its reader. */
export class PatternSource {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get done(): boolean {
    return this.at >= this.text.length;
  }

  get next(): string {
    return this.text.charAt(this.at);
  }

  take(): string {
    return this.text.charAt(this.at++);
  }

  /** The match of a sticky expression at the position, which is then after the match. Undefined without a match. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }
}

const ESCAPED_BYTES: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 };

/** The byte of an escape sequence. The position is after the backslash. */
export function parseEscapedByte(source: PatternSource): number {
  const hexadecimal = source.match(/x([0-9A-Fa-f]{2})/y);
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal[1]!, 16);
  const character = source.take();
  const byte = ESCAPED_BYTES[character];
  if (byte !== undefined) return byte;
  if (/[0-9A-Za-z]/.test(character)) {
    throw new PatternProblem(`has \`\\${character}\`, which platter does not read`);
  }
  return character.charCodeAt(0);
}
