/** Patterns of file contexts: what they match, and which are refused. The meaning is PCRE2's. */
import { expect, test } from "bun:test";
import { PatternMatcher } from "../../../internal/selinux/pattern-matcher.ts";
import { compilePattern } from "../../../internal/selinux/pattern-program.ts";
import { parsePattern } from "../../../internal/selinux/pattern-syntax.ts";

function matcher(pattern: string) {
  const program = compilePattern(parsePattern(pattern));
  const work = { steps: 0 };
  const matches = new PatternMatcher(program, work);
  return {
    prefix: program.prefix,
    work,
    matches: (path: string) => path.startsWith(program.prefix) && matches.matches(path),
  };
}

test.each([
  ["/etc", ["/etc", "/etc\n"], ["/et", "/etc/", "/etcx", "x/etc", "/etc\nx"]],
  ["/etc(/.*)?", ["/etc", "/etc/", "/etc/a/b\nc"], ["/etcx", "/etx"]],
  ["/a.c", ["/abc", "/a\nc", "/a\xffc"], ["/ac", "/abbc"]],
  ["/lib(32|64|x32)?", ["/lib", "/lib32", "/libx32"], ["/lib3", "/lib3264"]],
  ["/[^/]+/b", ["/a/b", "/\n/b"], ["//b", "/a/a/b"]],
  ["/[]a]x", ["/]x", "/ax"], ["/bx", "/[x"]],
  ["/[^]a]x", ["/bx"], ["/]x", "/ax"]],
  ["/[a\\-c]", ["/a", "/-", "/c"], ["/b"]],
  ["/[a-]", ["/a", "/-"], ["/b"]],
  ["/[[:digit:][:^alnum:]]", ["/1", "/-"], ["/a"]],
  ["/[\\d_]\\W\\s", ["/1- ", "/_.\x0b"], ["/a- ", "/1a "]],
  ["/a{2,3}", ["/aa", "/aaa"], ["/a", "/aaaa"]],
  ["/a{2}", ["/aa"], ["/a", "/aaa"]],
  ["/a{2,}", ["/aa", "/aaaaaa"], ["/a"]],
  ["/a{x", ["/a{x"], ["/aax"]],
  ["/(ab)*?c", ["/c", "/ababc"], ["/abac"]],
  ["/(?:a|)b(?#note)", ["/ab", "/b"], ["/aab"]],
  ["/\\x41\\.\\/\\t\\_", ["/A./\t_"], ["/A./t_"]],
  // The anchors are part of the text, so each belongs to one alternative only.
  ["/a|/b", ["/a", "/a/more", "/b", "/x/b"], ["/b/more", "/x/a/"]],
  ["/a$|/b", ["/a", "/a\n", "/b"], ["/ab"]],
  ["(^/a|b)", ["/a"], ["b/a", "x/a"]],
] as const)("PatternMatcher: %s", (pattern, matching, others) => {
  const { matches } = matcher(pattern);
  expect(matching.filter((path) => !matches(path))).toEqual([]);
  expect(others.filter((path) => matches(path))).toEqual([]);
});

test.each([
  ["/a(", "an opening parenthesis without a closing one"],
  ["/a)", "a closing parenthesis without an opening one"],
  ["/[a", "a class without a closing bracket"],
  ["/[z-a]", "a range whose end is before its start"],
  ["/[a-\\d]", "a range that ends with a class"],
  ["/[\\d-z]", "a range that begins with a class"],
  ["/[[:nothing:]]", "the unknown class"],
  ["/[[.a.]]", "a class of a kind that platter does not read"],
  ["/(*a)", "`(*a)`"],
  ["/(?=a)", "`(?=a`"],
  ["/(?i)a", "`(?i)`"],
  ["/(a)\\1", "`\\1`"],
  ["/\\ba", "`\\b`"],
  ["/\\", "a backslash"],
  ["/a++", "a possessive quantifier"],
  ["/a**", "two quantifiers in a row"],
  ["/(+)", "nothing precedes"],
  ["/({2})", "nothing precedes"],
  ["/a{3,2}", "wrong numbers"],
  ["/a{70000}", "wrong numbers"],
  ["/a{,2}", "depends on the release"],
  ["*", "a quantifier after `^` or `$`"],
  [`/${"(".repeat(251)}a${")".repeat(251)}`, "nested too deeply"],
  ["/((a{100}){100}){100}", "too large"],
])("parsePattern: %s is refused", (pattern, reason) => {
  expect(() => compilePattern(parsePattern(pattern))).toThrow(reason);
});

test("PatternMatcher: a pattern that makes other engines backtrack takes a step for each byte", () => {
  const { matches, work } = matcher("/(a+)+b");
  expect(matches(`/${"a".repeat(4000)}c`)).toBe(false);
  expect(matches(`/${"a".repeat(4000)}b`)).toBe(true);
  expect(work.steps).toBeLessThan(10_000);
});

test("PatternMatcher: more states than are kept give the same answers", () => {
  const { matches } = matcher("/.*a.{12}");
  for (let bits = 0; bits < 4096; bits++) {
    const tail = bits.toString(2).padStart(12, "0").replaceAll("0", "b").replaceAll("1", "a");
    expect(matches(`/a${tail}`)).toBe(true);
    expect(matches(`/b${tail}`)).toBe(false);
  }
});

test("compilePattern: the prefix is the text before the first special character", () => {
  expect(matcher("/usr/bin(/.*)?").prefix).toBe("/usr/bin");
  expect(matcher("/usr/libx?").prefix).toBe("/usr/lib");
  expect(matcher("/a|/b").prefix).toBe("");
});
