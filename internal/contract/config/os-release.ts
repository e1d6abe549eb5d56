/** The content of /etc/os-release, see os-release(5). Missing values are undefined. */
export interface OsRelease {
  /** Every assignment, with its unquoted value. The last assignment of a name counts. */
  readonly fields: ReadonlyMap<string, string>;
  /** `ID`, lower case: `fedora`. */
  readonly id: string | undefined;
  /** `ID_LIKE`, nearest first. */
  readonly idLike: readonly string[];
  /** `NAME`: `Fedora Linux`. */
  readonly name: string | undefined;
  readonly prettyName: string | undefined;
  /** `VERSION_ID`: `42`. */
  readonly versionId: string | undefined;
}

const ASSIGNMENT = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;

/**
 * Reads the text of /etc/os-release: shell assignments without expansion, comments with `#`. Other lines, and lines
 * with unclosed quotes, are ignored. Control characters are removed from values.
 */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.replace(/^\ufeff/, "").split(/\r?\n/)) {
    const [, key, raw] = ASSIGNMENT.exec(line) ?? [];
    if (key === undefined || raw === undefined) continue;
    const value = unquote(raw.trim());
    if (value !== undefined) fields.set(key, value.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, ""));
  }
  const get = (key: string) => fields.get(key)?.trim() || undefined;
  return {
    fields,
    id: get("ID")?.toLowerCase(),
    idLike: get("ID_LIKE")?.split(/\s+/) ?? [],
    name: get("NAME"),
    prettyName: get("PRETTY_NAME"),
    versionId: get("VERSION_ID"),
  };
}

/**
 * A shell word, or several next to each other, without its quotes; undefined if a quote is not closed. As in systemd, a
 * value may contain spaces even without quotes.
 */
function unquote(raw: string): string | undefined {
  let value = "";
  let quote: '"' | "'" | undefined;
  for (let at = 0; at < raw.length; at++) {
    const character = raw[at]!;
    if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = undefined;
    else if (character === "\\" && escapes(quote, raw[at + 1])) value += raw[++at];
    else value += character;
  }
  return quote === undefined ? value : undefined;
}

/** Whether a backslash before `next` makes it literal: never in single quotes, in double quotes only for four. */
function escapes(quote: '"' | "'" | undefined, next: string | undefined): boolean {
  if (next === undefined || quote === "'") return false;
  return quote === undefined || '"$`\\'.includes(next);
}
