import { PlatterError } from "../base/error.ts";
import type { BytePath } from "../bytes/byte-path.ts";
import { compileGlob, type GlobPart } from "./glob.ts";

/** Paths that only another boot loader setup or a package manager would use. */
export const DEFAULT_EXCLUDES: readonly string[] = [
  "boot/efi/*",
  "boot/grub2/*",
  "boot/config-*",
  "boot/initramfs-*",
  "boot/initrd.img-*",
  "boot/vmlinuz-*",
  "boot/loader/*",
  "boot/symvers-*",
  "boot/System.map-*",
  "usr/lib/sysimage/rpm/*",
  "var/lib/rpm/*",
  "var/lib/yum/*",
  "var/lib/dnf/*",
];

/**
 * A test for paths that the rootfs leaves out. Patterns are those of glob(7), from the image's root: `*` and `?` do not
 * match a slash, `**` matches any number of components. Everything below an excluded directory is excluded too. The
 * time for a path is at most proportional to its length times that of the pattern.
 * @throws PlatterError `E_EXCLUDE`
 */
export function compileExcludes(patterns: readonly string[]): (path: BytePath) => boolean {
  const globs = patterns.map(compilePattern);
  return (path) => {
    const text = textOf(path);
    return globs.some((matches) => matches(text));
  };
}

/**
 * The patterns that match none of these paths.
 * @throws PlatterError `E_EXCLUDE`
 */
export function unmatchedPatterns(patterns: readonly string[], paths: Iterable<BytePath>): string[] {
  let pending = patterns.map((pattern) => ({ pattern, matches: compilePattern(pattern) }));
  for (const path of pending.length === 0 ? [] : paths) {
    const text = textOf(path);
    pending = pending.filter(({ matches }) => !matches(text));
    if (pending.length === 0) break;
  }
  return pending.map(({ pattern }) => pattern);
}

/** Paths are bytes, patterns are text: `?` matches a letter, however many bytes it has. */
function textOf(path: BytePath): string {
  return /^[\0-\x7f]*$/.test(path) ? path : Buffer.from(path, "latin1").toString();
}

/** An escaped character, a wildcard, or a bracket expression. */
const TOKEN = /\\.|\*\*\/|\*\*|\*|\?|\[!?\]?[^\]/]*\]/gsu;

function compilePattern(pattern: string): (path: string) => boolean {
  const text = pattern.replace(/^(?:\.?\/+)+|\/+$/g, "");
  if (text === "") {
    throw wrong(
      pattern,
      "does not name a path below the root",
      "Name a path below the root, such as `--exclude 'var/cache/*'`.",
    );
  }
  const parts: GlobPart[] = [];
  let end = 0;
  const characters = (part: string) =>
    parts.push(...Array.from(part, (character) => ({ kind: "one", character }) as const));
  for (const match of text.matchAll(TOKEN)) {
    characters(text.slice(end, match.index));
    end = match.index + match[0].length;
    const part = partOf(match[0], pattern);
    // Several wildcards in a row mean the same as one.
    const repeats = part.kind !== "one" && part.kind !== "set" && parts.at(-1)?.kind === part.kind;
    if (!repeats) parts.push(part);
  }
  characters(text.slice(end));
  return compileGlob(parts);
}

function partOf(token: string, pattern: string): GlobPart {
  if (token === "**/") return { kind: "folders" };
  if (token === "**") return { kind: "anything" };
  if (token === "*") return { kind: "name" };
  if (token === "?") return { kind: "set", has: /[^/]/su };
  if (!token.startsWith("[") || token.length === 1) return { kind: "one", character: token.at(-1)! };
  try {
    return { kind: "set", has: new RegExp(bracketToExpression(token), "su") };
  } catch {
    throw wrong(
      pattern,
      "is not a valid pattern",
      "Write a pattern of glob(7): `[a-z]`, `[!a-z]`, `*`, `?`, `\\[`.",
    );
  }
}

/** `[…]`: a leading `!` negates it, and `]` may come first. Only a hyphen between two characters is special. */
function bracketToExpression(token: string): string {
  const [, negation, content] = /^\[(!?)(.*)\]$/su.exec(token)!;
  return `${negation === "" ? "(?!/)[" : "(?!/)[^"}${content!.replace(/[\\\][^]/gu, "\\$&")}]`;
}

function wrong(pattern: string, problem: string, hint: string): PlatterError {
  return new PlatterError({
    code: "E_EXCLUDE",
    kind: "usage",
    message: `Cannot exclude \`${pattern}\`: it ${problem}`,
    hint,
  });
}
