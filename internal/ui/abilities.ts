import type { Style } from "../base/style.ts";
import type { Ability } from "../boot/abilities.ts";
import { printable } from "../text/printable.ts";
import { type Row, rowLines } from "./rows.ts";

/** What the machine can do: a mark, the task, and below it what is missing and what to do. */
export function renderAbilities(abilities: readonly Ability[], style: Style): string {
  const rows = abilities.map(({ task, ready, detail, hint }): Row => {
    const mark = ready ? style.paint("good", "✓") : style.paint("warning", "✗");
    const lines = hint === undefined ? [detail] : [detail, hint];
    return [`${mark} ${task}`, ...lines.map(printable)];
  });
  return `${rowLines(rows, style).join("\n")}\n`;
}
