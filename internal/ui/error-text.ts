import { PlatterError } from "../error.ts";

/** An error as the user sees it: message, detail, and after an empty line what to do. */
export function renderError(error: unknown): string {
  if (error instanceof PlatterError) {
    const lines = [`error: ${error.message} [${error.code}]`, ...error.detail.map((line) => `  ${line}`)];
    if (error.hint !== undefined) lines.push("", `hint: ${error.hint}`);
    return `${lines.join("\n")}\n`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `error: this is a bug in platter, please report it with the lines below [E_BUG]\n${stack}\n`;
}
