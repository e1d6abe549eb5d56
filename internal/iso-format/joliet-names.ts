/** Names of the Joliet tree (Joliet specification, section 3: "Joliet Volume Constraints"). */
import { distinctNames, type WantedName } from "./distinct-names.ts";
import type { NamedEntry } from "./iso-names.ts";

/** Characters of UCS-2. The specification allows 64. A record has space for 103, which all readers accept. */
export const MAX_JOLIET = 103;
/**
 * Characters that a name must not have, characters outside UCS-2, and a dot at the end, which Linux and Windows drop.
 */
const FORBIDDEN = /[\x00-\x1f*/:;?\\\u{10000}-\u{10ffff}\ud800-\udfff]|\.$/gu;

/** Names for the entries of one directory, in the same order. Each name is unique in the directory. */
export function jolietNames(entries: readonly NamedEntry[]): string[] {
  const names = distinctNames(entries.map(wantedName));
  return names.map(({ stem, suffix }) => stem + suffix);
}

function wantedName({ name, kind }: NamedEntry): WantedName {
  const allowed = name.replace(FORBIDDEN, "_");
  const dot = kind === "directory" ? -1 : allowed.lastIndexOf(".");
  const [stem, extension] = dot <= 0 ? [allowed, ""] : [allowed.slice(0, dot), allowed.slice(dot)];
  const suffix = extension.slice(0, MAX_JOLIET - 1);
  const short = stem.slice(0, MAX_JOLIET - suffix.length);
  // The cut may have left a dot at the end.
  const kept = suffix === "" ? short.replace(/\.$/, "_") : short;
  return { stem: kept, suffix, limit: MAX_JOLIET, isOwn: kept + suffix === name };
}
