import { printable } from "../../text/printable.ts";
import type { Finding } from "./finding.ts";

/** What was seen, after the file, line and column where it was seen. */
export function seenAt({ place, seen }: Pick<Finding, "place" | "seen">): string {
  return place === undefined ? seen : `${place.file}:${place.line}:${place.column}: ${seen}`;
}

/** The finding in one line, without its severity: `iso.yaml:3:5: Seen. [F_ISO_YAML_TYPE]`. It is safe on a terminal. */
export function findingLine(of: Finding): string {
  return printable(`${seenAt(of)} [${of.code}]`);
}

/** The lines below it, indented: the place, why it matters, and what to do. They are safe on a terminal. */
export function adviceLines({ place, why, fix }: Finding): string[] {
  return [...(place?.excerpt ?? []), why, fix].map((line) => printable(`  ${line}`));
}

/** The finding as lines that are safe on a terminal, with its severity. */
export function findingLines(of: Finding): string[] {
  return [`${of.severity}: ${findingLine(of)}`, ...adviceLines(of)];
}
