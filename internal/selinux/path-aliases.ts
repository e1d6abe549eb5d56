import { FIELDS } from "./file-contexts.ts";
import type { MatchingOrder } from "./matching-order.ts";

/** A line of `file_contexts.subs` or `.subs_dist`: paths below `from` are looked up below `to`. */
export interface PathAlias {
  from: string;
  to: string;
}

/** libselinux reads lines into a buffer of this many bytes; the rest of a longer line counts as a line of its own. */
const BUFFER = 1022;

/** The aliases of a text, in the order in which they are tried. Each character of the text is one byte. */
export function parsePathAliases(text: string, order: MatchingOrder): PathAlias[] {
  const aliases: PathAlias[] = [];
  for (const whole of text.match(new RegExp(`[^\\n]{0,${BUFFER - 1}}\\n|[^\\n]{1,${BUFFER}}`, "g")) ?? []) {
    const [from, to] = whole.split("\0", 1)[0]!.match(FIELDS) ?? [];
    if (from === undefined || from.startsWith("#") || to === undefined) continue;
    aliases.push({ from, to });
  }
  return order === "3.8" ? aliases : aliases.reverse();
}

/** The path after the first matching alias. Undefined if no alias matches. Paths begin with a slash. */
export function applyAlias(aliases: readonly PathAlias[], path: string): string | undefined {
  for (const { from, to } of aliases) {
    if (!path.startsWith(from)) continue;
    if (path.length === from.length) return to;
    if (path.charCodeAt(from.length) !== 0x2f) continue;
    return to + path.slice(to === "/" ? from.length + 1 : from.length);
  }
  return undefined;
}
