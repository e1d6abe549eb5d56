import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PlatterError } from "../../../internal/base/error.ts";
import { type BytePath, toBytePath } from "../../../internal/bytes/byte-path.ts";
import { compileExcludes, DEFAULT_EXCLUDES, unmatchedPatterns } from "../../../internal/image/excludes.ts";

const matches = (pattern: string, path: string) => compileExcludes([pattern])(toBytePath(path));

describe("compileExcludes", () => {
  test.each([
    ["a/b", "a/b"],
    ["/a/b/", "a/b"],
    ["var/cache/*", "var/cache/apt"],
    ["var/cache/*", "var/cache/.hidden"],
    ["*.pyc", "a.pyc"],
    ["a?c", "abc"],
    ["a?c", "aäc"],
    ["na?ve *", "naïve name.txt"],
    ["**/x", "x"],
    ["**/x", "a/x"],
    ["**/x", "a/b/x"],
    ["a/**/x", "a/x"],
    ["a/**/x", "a/b/c/x"],
    ["a/**", "a/b/c"],
    ["**/*.pyc", "usr/lib/a.pyc"],
    ["[a-c]", "b"],
    ["[!a-c]", "d"],
    ["[]a]", "]"],
    ["[]a]", "a"],
    ["[!]a]", "b"],
    ["[a-]", "-"],
    ["[[]", "["],
    ["[^a]", "^"],
    ["[äö]x", "öx"],
    ["[\\]", "\\"],
    ["a[b", "a[b"],
    ["\\*", "*"],
    ["\\[a]", "[a]"],
    ["a.b", "a.b"],
    ["a+(b)|{c}$^", "a+(b)|{c}$^"],
    ["x-y", "x-y"],
    ["line\nbreak", "line\nbreak"],
    ["a*", "a\nb"],
  ])("%j leaves out %j", (pattern, path) => expect(matches(pattern, path)).toBe(true));

  test.each([
    ["a/b", "a"],
    ["a/b", "a/b/c"],
    ["a/b", "x/a/b"],
    ["var/cache/*", "var/cache"],
    ["var/cache/*", "var/cache/a/b"],
    ["*.pyc", "usr/a.pyc"],
    ["a?c", "a/c"],
    ["a?c", "ac"],
    ["**/x", "ax"],
    ["a/**/x", "a/bx"],
    ["a/**", "a"],
    ["[!a]", "/"],
    ["a[!b]c", "a/c"],
    ["a[+-9]c", "a/c"],
    ["[]a]", "b"],
    ["[!]a]", "]"],
    ["[a-]", "b"],
    ["\\*", "a"],
    ["a.b", "axb"],
    ["A", "a"],
  ])("%j keeps %j", (pattern, path) => expect(matches(pattern, path)).toBe(false));

  test("a name that is not UTF-8 is matched by wildcards", () => {
    expect(compileExcludes(["x/?"])("x/\xff" as BytePath)).toBe(true);
    expect(compileExcludes(["x/*"])("x/\xff\xfe" as BytePath)).toBe(true);
  });

  test("of several patterns any one will do, and none keeps all", () => {
    const fromRoot = compileExcludes(["./a", "/b", ".//c/", "./.d"]);
    expect(["a", "b", "c", ".d", "d"].map((path) => fromRoot(toBytePath(path)))).toEqual([
      ...[true, true, true, true],
      false,
    ]);
    const excluded = compileExcludes(["a", "b|c"]);
    expect(["a", "b", "c", "b|c"].map((path) => excluded(toBytePath(path)))).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(compileExcludes([])(toBytePath("a"))).toBe(false);
  });

  test.each(["", "/", "//"])("%j is refused: it names the root", (pattern) => {
    expect(() => compileExcludes([pattern])).toThrow(
      expect.objectContaining({
        code: "E_EXCLUDE",
        exitCode: 2,
        hint: expect.stringContaining("below the root"),
      }),
    );
  });

  test("a bracket whose range runs backwards is refused", () => {
    expect(() => compileExcludes(["ok", "x[z-a]"])).toThrow(
      expect.objectContaining({
        code: "E_EXCLUDE",
        message: "Cannot exclude `x[z-a]`: it is not a valid pattern",
      }),
    );
  });

  test("a pattern of many wildcards takes no longer than its length times that of the path", () => {
    const path = toBytePath(`${"a/".repeat(500)}${"a".repeat(255)}`);
    for (const [pattern, matched] of [
      ["**/".repeat(40), true],
      [`${"**/".repeat(40)}a*`, true],
      [`${"**/x".repeat(40)}`, false],
      [`**/${"*a".repeat(60)}*b`, false],
      [`**/${"*a".repeat(60)}*`, true],
      [`${"**a".repeat(60)}b`, false],
      [`${"[!b]*".repeat(60)}b`, false],
    ] as const)
      expect([pattern, compileExcludes([pattern])(path)]).toEqual([pattern, matched]);
  });

  test("wildcards match what the same regular expression matches", () => {
    const part = fc.constantFrom("a", "b", "/", "*", "**", "**/", "?", "[ab]", "[!a]");
    const meaning: Record<string, string> = {
      "*": "[^/]*",
      "**": ".*",
      "**/": "(?:[^/]*/)*",
      "?": "[^/]",
      "[!a]": "(?!/)[^a]",
    };
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), text, (parts, path) => {
        // What the parser sees is one text, in which neighbours join.
        const tokens = `x${parts.join("")}x`.match(/\*\*\/|\*\*|\[!?..?\]|./g) as string[];
        const expression = new RegExp(`^${tokens.map((token) => meaning[token] ?? token).join("")}$`, "s");
        const subject = `x${path}x`;
        expect([tokens, subject, matches(tokens.join(""), subject)]).toEqual([
          tokens,
          subject,
          expression.test(subject),
        ]);
      }),
      { numRuns: 3000 },
    );
  });

  test("unmatchedPatterns: those that match no path", () => {
    const paths = ["usr", "usr/share", "usr/share/doc"].map(toBytePath);
    const patterns = ["usr/share/*", "usr/share/doc/below", "doc", "[", "../usr", "./usr", "**/doc"];
    expect(unmatchedPatterns(patterns, paths)).toEqual(["usr/share/doc/below", "doc", "[", "../usr"]);
    expect(unmatchedPatterns([], paths)).toEqual([]);
  });

  test("any pattern is taken or refused as wrong usage, and one without wildcards matches itself alone", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (pattern, other) => {
        try {
          compileExcludes([pattern])(toBytePath(other));
        } catch (error) {
          expect(error).toBeInstanceOf(PlatterError);
        }
        const plain = `x${pattern.replace(/[*?[\]\\/]/g, "")}`;
        expect(matches(plain, plain)).toBe(true);
        expect(matches(plain, `${plain}x`)).toBe(false);
      }),
    );
  });

  test("the defaults leave out another boot loader's files and package databases, and what dracut needs stays", () => {
    const excluded = compileExcludes(DEFAULT_EXCLUDES);
    const gone = [
      "boot/efi/EFI",
      "boot/vmlinuz-6.1",
      "boot/initrd.img-6.1",
      "boot/loader/entries",
      "var/lib/rpm/a",
    ];
    const kept = [
      "boot",
      "boot/efi",
      "usr/lib/modules/6.1/vmlinuz",
      "usr/lib/modules",
      "var/lib/dpkg/status",
    ];
    expect(gone.filter((path) => !excluded(toBytePath(path)))).toEqual([]);
    expect(kept.filter((path) => excluded(toBytePath(path)))).toEqual([]);
  });
});
