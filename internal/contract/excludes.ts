import { PlatterError } from "../error.ts";
import { type BytePath, toBytePath } from "../image/byte-path.ts";

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
  const combined = new RegExp(`^(?:${expressions.join("|")})$`, "s");
  return (path) => combined.test(path);
}

function patternToExpression(pattern: string): string {
  const text = toBytePath(pattern);
  if (text === "") {
    throw new PlatterError({
      code: "E_EXCLUDE",
      kind: "usage",
      message: `\`${pattern}\` excludes nothing that could be left out`,
      hint: "Give a path below the root, such as `--exclude 'var/cache/*'`.",
    });
  }
  return text.replace(/\*\*\/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|[\\^$.*+?()[\]{}|]/g, (token) => {
    if (token === "**/") return "(?:[^/]*/)*";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 1) return `[${token.slice(1, -1).replace(/^!/, "^").replace(/\\/g, "\\\\")}]`;
    return `\\${token}`;
  });
}
