/** File and directory identifiers of ISO 9660 at level 3 (ECMA-119, 7.5, 7.6 and 10.3). */
import { distinctNames, type WantedName } from "./distinct-names.ts";

/** An entry of a directory, by its own name. */
export interface NamedEntry {
  name: string;
  kind: "file" | "directory";
}

/** Characters of a file name and its extension together, without the dot (7.5.1); a directory could have one more (7.6.3). */
const MAX_NAME = 30;
/** The least number of characters that a long name keeps of its extension. */
const MIN_EXTENSION = 3;
/** The version of every file (7.5.1). */
const VERSION = ";1";

/**
 * Identifiers for the entries of one directory, in the same order. Each identifier is unique in the directory.
 * Characters are A to Z, 0 to 9 and `_`. A directory's name may also have dots, as xorriso writes them, except at the
 * end, where readers drop a dot.
 */
export function isoIdentifiers(entries: readonly NamedEntry[]): string[] {
  // A folder `X` and a file `X` (recorded as `X.;1`) are the same name to a reader.
  const names = distinctNames(entries.map(wantedName));
  return names.map(({ stem, suffix }, index) => {
    if (entries[index]!.kind === "directory") return stem + suffix;
    return `${stem}${suffix === "" ? "." : suffix}${VERSION}`;
  });
}

function wantedName({ name, kind }: NamedEntry): WantedName {
  if (kind === "directory") {
    const allowed = name.toUpperCase().replace(/[^A-Z0-9_.]/gu, "_");
    const stem = allowed.slice(0, MAX_NAME).replace(/\.$/, "_");
    return { stem, suffix: "", limit: MAX_NAME, isOwn: stem === name };
  }
  const dot = name.lastIndexOf(".");
  const parts = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot + 1)];
  const [stem, extension] = parts.map(dCharacters) as [string, string];
  const kept = extension.slice(0, Math.max(MIN_EXTENSION, MAX_NAME - stem.length));
  const suffix = kept === "" ? "" : `.${kept}`;
  const short = stem.slice(0, MAX_NAME - kept.length);
  const limit = suffix === "" ? MAX_NAME : MAX_NAME + 1;
  return { stem: short, suffix, limit, isOwn: short + suffix === name };
}

function dCharacters(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9_]/gu, "_");
}
