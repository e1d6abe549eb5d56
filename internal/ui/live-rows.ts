import type { Style } from "../base/style.ts";
import { printable } from "../text/printable.ts";
import { shortened } from "../text/wrap.ts";
import { UNKNOWN_WIDTH } from "./terminal.ts";

interface Terminal {
  write: (text: string) => void;
  style: Style;
}

/** Lines at the end of a terminal that are drawn again in place. */
export class LiveRows {
  readonly #terminal: Terminal;
  #height = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The most columns of a row. The last column stays free, since a full row would wrap. */
  get width(): number {
    return (this.#terminal.style.columns ?? UNKNOWN_WIDTH) - 1;
  }

  /** Replaces the rows. Each is escaped and cut at the terminal's width. */
  draw(rows: readonly string[]): void {
    const up = this.#height > 1 ? `\x1b[${this.#height - 1}A` : "";
    const lines = rows.map((row) => `${shortened(printable(row), this.width)}\x1b[K`);
    this.#terminal.write(`${up}\r${lines.join("\n")}${rows.length < this.#height ? "\x1b[J" : ""}`);
    this.#height = rows.length;
  }

  /** Removes the rows. The next output begins in the place of the first. */
  clear(): void {
    if (this.#height > 0) this.#terminal.write(`\r\x1b[K${"\x1b[A\x1b[K".repeat(this.#height - 1)}`);
    this.#height = 0;
  }
}
