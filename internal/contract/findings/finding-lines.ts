import { printable } from "../../text/printable.ts";
import type { Finding } from "./finding.ts";

/** The sentence of a finding, after the file, line and column of its place. */
export function seenAt({ place, seen }: Pick<Finding, "place" | "seen">): string {
  return place === undefined ? seen : `${place.file}:${place.line}:${place.column}: ${seen}`;
}

/**
 * The finding in one line, without its severity: `iso.yaml:3:5: Seen. [F_ISO_YAML_TYPE]`. Control characters are
 * escaped.
 */
export function findingLine(of: Finding): string {
  return printable(`${seenAt(of)} [${of.code}]`);
}

/** The indented lines after that line: the place, why it matters, and what to do. Control characters are escaped. */
export function adviceLines({ place, why, fix }: Finding): string[] {
  return [...(place?.excerpt ?? []), why, fix].map((line) => printable(`  ${line}`));
}

/** The finding as lines with its severity. Control characters are escaped. */
export function findingLines(of: Finding): string[] {
  return [`${of.severity}: ${findingLine(of)}`, ...adviceLines(of)];
}
