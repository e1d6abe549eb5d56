import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

/**
 * Compares the block `NAME` of a page with what it should be: the text between `<!-- generated: NAME -->` and
 * `<!-- /generated: NAME -->`. With PLATTER_UPDATE_GOLDEN=1 it is written instead.
 */
export function expectGenerated(page: string, name: string, content: string): void {
  const path = join(ROOT, page);
  const [open, close] = [`<!-- generated: ${name} -->\n`, `<!-- /generated: ${name} -->`];
  const [before, rest = ""] = readFileSync(path, "utf8").split(open);
  const [inside, after] = rest.split(close);
  expect(after).toBeString();
  if (process.env.PLATTER_UPDATE_GOLDEN === "1")
    writeFileSync(path, `${before}${open}${content}${close}${after}`);
  else expect(inside).toBe(content);
}

/** Compares a whole file with what it should be. With PLATTER_UPDATE_GOLDEN=1 it is written instead. */
export function expectGeneratedFile(file: string, content: string): void {
  const path = join(ROOT, file);
  if (process.env.PLATTER_UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } else expect(readFileSync(path, "utf8")).toBe(content);
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return [line(head), `|${"---|".repeat(head.length)}\n`, ...rows.map(line)].join("");
}
