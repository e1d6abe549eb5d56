import { PlatterError } from "../error.ts";
import type { BytePath } from "../image/byte-path.ts";

/** What only another boot loader setup or package manager would use. */
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
 * A test for paths that the squashfs leaves out. Patterns are those of glob(7), from the image's root: `*` and `?` do
 * not match a slash, `**` matches any number of components. What lies below an excluded directory is gone with it.
 * @throws PlatterError `E_EXCLUDE`
 */
export function compileExcludes(patterns: readonly string[]): (path: BytePath) => boolean {
  if (patterns.length === 0) return () => false;
  const expressions = patterns.map(patternToExpression);
  const combined = new RegExp(`^(?:${expressions.join("|")})$`, "su");
  // Paths are bytes, patterns are text: `?` is to match a letter, however many bytes it has.
  return (path) => combined.test(/^[\0-\x7f]*$/.test(path) ? path : Buffer.from(path, "latin1").toString());
}

/** An escaped character, a wildcard, a bracket expression, or a character that a regular expression takes for more. */
const TOKEN = /\\.|\*\*\/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|[\\^$.+()[\]{}|]/gsu;

function patternToExpression(pattern: string): string {
  const text = pattern.replace(/^\/+|\/+$/g, "");
  if (text === "") {
    throw wrong(
      pattern,
      "excludes nothing that could be left out",
      "Give a path below the root, such as `--exclude 'var/cache/*'`.",
    );
  }
  const expression = text.replace(TOKEN, (token) => {
    if (token === "**/") return "(?:[^/]*/)*";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.startsWith("[") && token.length > 1) return bracketToExpression(token);
    return literal(token.at(-1)!);
  });
  try {
    new RegExp(expression, "su");
    return expression;
  } catch {
    throw wrong(pattern, "is no pattern", "Write it as glob(7) has it: `[a-z]`, `[!a-z]`, `*`, `?`, `\\[`.");
  }
}

/** `[…]`: first `!` for anything but, then `]` as itself; only a hyphen between two characters has a meaning. */
function bracketToExpression(token: string): string {
  const [, negation, content] = /^\[(!?)(.*)\]$/su.exec(token)!;
  return `${negation === "" ? "(?!/)[" : "(?!/)[^"}${content!.replace(/[\\\][^]/gu, "\\$&")}]`;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|]/.test(character) ? `\\${character}` : character;
}

function wrong(pattern: string, problem: string, hint: string): PlatterError {
  return new PlatterError({ code: "E_EXCLUDE", kind: "usage", message: `\`${pattern}\` ${problem}`, hint });
}
