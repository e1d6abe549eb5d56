import { PlatterError } from "../base/error.ts";
import type { Style } from "../base/style.ts";
import { noticeLines } from "../text/notice-text.ts";
import { printable } from "../text/printable.ts";

/** An error as the user sees it: message, details and hint. All of it is safe on a terminal. */
export function renderError(error: unknown, style: Style): string {
  const lines =
    error instanceof PlatterError
      ? error.notices.flatMap((notice) => noticeLines(notice, style))
      : bugLines(error, style);
  return `${lines.join("\n")}\n`;
}

function bugLines(error: unknown, style: Style): string[] {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = "this is a bug in platter, please report it with the lines below";
  return [
    ...noticeLines({ severity: "error", code: "E_BUG", message }, style),
    // A report needs the lines as they are.
    ...stack.split("\n").map(printable),
  ];
}
