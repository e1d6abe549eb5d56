import { PlatterError } from "../base/error.ts";
import { printable, printableLines } from "../text/printable.ts";

/** An error as the user sees it: message, detail, and after an empty line the hint. All of it is safe on a terminal. */
export function renderError(error: unknown): string {
  if (error instanceof PlatterError) {
    const lines = [`error: ${error.message} [${error.code}]`, ...error.detail.map((line) => `  ${line}`)];
    if (error.hint !== undefined) lines.push("", `hint: ${error.hint}`);
    return `${lines.map(printable).join("\n")}\n`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug in platter, please report it with the lines below [E_BUG]\n${printableLines(stack)}\n`;
}
