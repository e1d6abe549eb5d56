/** Prints the section of a version: `changelog.ts FILE VERSION`. Ends with 1 if the file does not have it. */
import { readFileSync } from "node:fs";

/** The text below the heading `## VERSION`, without the heading. Undefined if the text does not have it. */
export function changelogSection(text: string, version: string): string | undefined {
  const sections = text.split(/^## /m).slice(1);
  const section = sections.find((each) => each.split("\n", 1)[0]!.trim() === version);
  return section?.slice(section.indexOf("\n") + 1).trim();
}

if (import.meta.main) {
  const [file = "", version = ""] = process.argv.slice(2);
  const section = changelogSection(readFileSync(file, "utf8"), version);
  if (section === undefined || section === "") process.exit(1);
  process.stdout.write(`${section}\n`);
}
