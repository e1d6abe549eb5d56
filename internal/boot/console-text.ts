import { TerminalInput, type TerminalItem } from "./terminal-input.ts";

/** Characters of a line that are kept, from its end. */
const MAX_LINE = 8192;

/**
 * Makes lines of the output of firmware, GRUB and a system on a serial terminal. Text at another position of the screen
 * begins a new line. Text at the position where the text before ended continues the line, since SeaBIOS moves the
 * cursor in the middle of words.
 */
export class ConsoleText {
  readonly #input = new TerminalInput();
  #line = "";
  /** Columns of the cursor now, and after the last character. */
  #column = 1;
  #after = 1;
  #lines: string[] = [];

  /** The lines that end in this piece, without those that are empty. */
  feed(chunk: Uint8Array): string[] {
    this.#lines = [];
    for (const item of this.#input.feed(chunk)) this.#take(item);
    return this.#lines;
  }

  /** The text of the unfinished line, such as a prompt. */
  get partial(): string {
    return withoutFrames(this.#line);
  }

  #take(item: TerminalItem): void {
    switch (item.kind) {
      case "text":
        if (this.#column !== this.#after) this.#endLine();
        this.#line = (this.#line + item.text).slice(-MAX_LINE);
        this.#column += item.text.length;
        this.#after = this.#column;
        return;
      case "control":
        this.#control(item.character);
        return;
      case "position":
      case "column":
        this.#column = item.column;
        return;
      case "move":
        this.#column += item.columns;
        // Text in another row, even in the same column, is another line.
        if (item.rows !== 0) this.#endLine();
        return;
      case "clear":
        this.#endLine();
        this.#column = 1;
        this.#after = 1;
        return;
      default: {
        item satisfies never;
      }
    }
  }

  #control(character: string): void {
    if (character === "\t") {
      this.#line += "\t";
      this.#column += 8 - ((this.#column - 1) % 8);
      this.#after = this.#column;
    } else if (character === "\b") {
      this.#column = Math.max(1, this.#column - 1);
    } else {
      this.#endLine();
      if (character === "\r") this.#column = 1;
      this.#after = this.#column;
    }
  }

  #endLine(): void {
    const line = withoutFrames(this.#line);
    if (line.trim() !== "") this.#lines.push(line);
    this.#line = "";
  }
}

/** Removes the characters of frames. UEFI draws them in code page 437, which UTF-8 decodes to U+FFFD. */
function withoutFrames(line: string): string {
  return line.replace(/[\u2500-\u257f\ufffd]/g, " ");
}
