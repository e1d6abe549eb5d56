import { TerminalInput, type TerminalItem } from "./terminal-input.ts";

/** Characters of a line that are kept, from its end. */
const MAX_LINE = 8192;

/**
 * Makes lines of what firmware, GRUB and a system send to a serial terminal. Text that goes on elsewhere on the
 * screen begins a new line; text that goes on where it stopped does not, however the cursor got there: SeaBIOS moves
 * it about in the middle of words.
 */
export class ConsoleText {
  readonly #input = new TerminalInput();
  #line = "";
  /** Where the cursor is, and where it was after the last character. */
  #column = 1;
  #after = 1;
  #lines: string[] = [];

  /** The lines that end in this piece, without those that are empty. */
  feed(chunk: Uint8Array): string[] {
    this.#lines = [];
    for (const item of this.#input.feed(chunk)) this.#take(item);
    return this.#lines;
  }

  /** What stands in the line that has not ended, such as a prompt. */
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
        // In another row, even straight below, it is another line.
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

/** Frames say nothing; UEFI's are of code page 437, of which UTF-8 leaves U+FFFD. */
function withoutFrames(line: string): string {
  return line.replace(/[\u2500-\u257f\ufffd]/g, " ");
}
