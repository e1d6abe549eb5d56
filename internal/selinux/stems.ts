import type { MatchingOrder } from "./matching-order.ts";

/** The folders and the kind of a pattern, by which libselinux selects patterns before it matches the expression. */
export interface PatternPlace {
  /** Text with which matching paths begin: the folders before the first special character. */
  folders: string;
  /** Number of these folders. */
  depth: number;
  /** Whether libselinux compares the pattern as text, because it has no special characters. */
  exact: boolean;
  /** For libselinux from 3.8 on: the only path that an exact pattern matches. */
  path: string | undefined;
}

/** Most folders of a pattern that libselinux from 3.8 on compares as text. */
const MAX_FOLDERS = 3;

export function placeOf(pattern: string, order: MatchingOrder): PatternPlace {
  return order === "before 3.8" ? placeBefore38(pattern) : placeFrom38(pattern);
}

function placeBefore38(pattern: string): PatternPlace {
  const exact = !/[.^$?*+|[({]/.test(pattern.replace(/\\.?/gs, ""));
  const slash = pattern.indexOf("/", 1);
  const folder = slash < 0 ? "" : pattern.slice(0, slash);
  // Backslashes are kept, because libselinux compares them with the path's folder.
  const literal = folder !== "" && !/[.^$?*+|[({]/.test(folder);
  return { folders: literal ? `${folder}/` : "", depth: 0, exact, path: undefined };
}

function placeFrom38(pattern: string): PatternPlace {
  const path = unescaped(pattern);
  if (path !== undefined) return { folders: "", depth: 0, exact: true, path };
  const names: string[] = [];
  let at = 0;
  while (names.length < MAX_FOLDERS) {
    const slash = pattern.indexOf("/", at + 1);
    if (slash < 0) break;
    if (slash > at + 1) {
      const name = unescaped(pattern.slice(at + 1, slash));
      if (name === undefined) break;
      names.push(name);
    }
    at = slash;
  }
  const folders = names.length === 0 ? "" : `/${names.join("/")}/`;
  return { folders, depth: names.length, exact: false, path: undefined };
}

/** The text of a pattern without special characters, with escapes resolved. Undefined if it has special characters. */
function unescaped(pattern: string): string | undefined {
  const match = /^(?:[^.^$?*+|[({\])}\\]|\\[.^$?*+|[({\])}\-_,])*$/.test(pattern);
  return match ? pattern.replace(/\\(.)/g, "$1") : undefined;
}
