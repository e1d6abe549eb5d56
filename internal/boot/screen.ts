import { TerminalInput, type TerminalItem } from "./terminal-input.ts";

/** More rows than any text mode of firmware has. */
const MAX_ROWS = 200;
const MAX_COLUMNS = 400;

/** The content of a serial terminal, as far as it is needed to find the cursor and the text of GRUB's editor. */
export class Screen {
  readonly #input = new TerminalInput();
  #rows: string[][] = [];
  #row = 1;
  #column = 1;

  feed(chunk: Uint8Array): void {
    for (const item of this.#input.feed(chunk)) this.#take(item);
  }

  /** The row of the cursor, counted from 1. */
  get cursorRow(): number {
    return this.#row;
  }

  /** The text of a row, without trailing spaces. */
  line(row: number): string {
    return Array.from(this.#rows[row] ?? [], (each) => each ?? " ")
      .slice(1)
      .join("")
      .trimEnd();
  }

  get text(): string {
    return Array.from(this.#rows, (_, row) => this.line(row)).join("\n");
  }

  #take(item: TerminalItem): void {
    switch (item.kind) {
      case "text":
        for (const character of item.text) this.#put(character);
        return;
      case "control":
        this.#control(item.character);
        return;
      case "position":
        this.#move(item.row, item.column);
        return;
      case "column":
        this.#move(this.#row, item.column);
        return;
      case "move":
        this.#move(this.#row + item.rows, this.#column + item.columns);
        return;
      case "clear":
        this.#rows = [];
        return;
      default: {
        item satisfies never;
      }
    }
  }

  #put(character: string): void {
    this.#rows[this.#row] ??= [];
    this.#rows[this.#row]![this.#column] = character;
    this.#move(this.#row, this.#column + 1);
  }

  #control(character: string): void {
    if (character === "\r") this.#move(this.#row, 1);
    else if (character === "\n") this.#move(this.#row + 1, this.#column);
    else if (character === "\b") this.#move(this.#row, this.#column - 1);
    else this.#move(this.#row, this.#column + 8 - ((this.#column - 1) % 8));
  }

  #move(row: number, column: number): void {
    this.#row = Math.min(MAX_ROWS, Math.max(1, row));
    this.#column = Math.min(MAX_COLUMNS, Math.max(1, column));
  }
}
