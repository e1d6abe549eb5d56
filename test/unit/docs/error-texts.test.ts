/**
 * The form of what users read, as far as the source shows it: "Cannot X: reason" without a full stop, and hints of one
 * imperative sentence. What a run puts together from several places is asserted where it is thrown.
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { FINDINGS } from "../../../internal/contract/findings/finding.ts";
import type { FindingText } from "../../../internal/contract/findings/finding-text.ts";
import { endOfExpression, maskTexts, outerStrings, sourceTexts } from "../../helpers/source-text.ts";

const ROOT = join(import.meta.dir, "../../..");
const SOURCES = ["cmd", "internal"]
  .flatMap((folder) => [...new Glob(`${folder}/**/*.ts`).scanSync(ROOT)])
  .sort()
  .map((file) => {
    const source = readFileSync(join(ROOT, file), "utf8");
    return { file, source, masked: maskTexts(source) };
  });
type Source = Omit<(typeof SOURCES)[number], "file">;

/**
 * Errors that state a verdict instead of an action that failed. Such a message begins with the thing it is about in
 * backquotes: "`os.iso` boots nowhere", "`mkfs.erofs` failed with exit code 1".
 */
const VERDICTS = [
  "E_BOOTS_NOWHERE",
  "E_CONTRACT",
  "E_ISO_INCOMPLETE",
  "E_NOT_BOOTED",
  "E_REQUIRED",
  "E_TOOL_FAILED",
  "E_VERIFY",
];

/** Files with an error whose whole message comes from a parameter or a finding, and how many such errors they have. */
const FORWARDED = {
  "internal/contract/findings/findings-error.ts": 3,
  "internal/contract/findings/ignored-findings.ts": 1,
  "internal/image/source/standard-input.ts": 1,
  "internal/pipeline/work/failure-log.ts": 2,
  "internal/rootfs/rootfs-options.ts": 1,
};

/** First words of hints and fixes, all in the imperative. */
const VERBS = [
  ..."Add Avoid Begin Build Check Choose Close Compress Continue Copy Correct Decompress Decrypt Empty Fetch Free".split(
    " ",
  ),
  ..."Give Implant Install Keep Leave Log Look Make Mount Move Name Publish Pull Push Put Read Remove Rename".split(
    " ",
  ),
  ..."Replace Run Save Set Shorten Store Take Try Unpack Unset Update Use Wait Write".split(" "),
];

/** The source from each match of `pattern` to the end of the expression that begins at the match's end. */
function expressionsAfter({ source, masked }: Source, pattern: RegExp): Source[] {
  return [...masked.matchAll(pattern)].map(({ index, 0: { length } }) => {
    const start = index + length;
    const end = endOfExpression(masked, start);
    return { source: source.slice(start, end), masked: masked.slice(start, end) };
  });
}

/**
 * Texts that the property `name` may have: strings with a space, since others are names that a condition compares. The
 * schema of a property has a description instead.
 */
function textsOf(object: Source, name: string): string[] {
  return expressionsAfter(object, new RegExp(`(?<![.\\w?])${name}:\\s(?!z\\b)`, "g"))
    .flatMap(({ source }) => outerStrings(source))
    .filter((text) => /\S\s|\s\S/.test(text));
}

const objectsIn = (pattern: RegExp) =>
  SOURCES.flatMap(({ file, ...each }) => expressionsAfter(each, pattern).map((object) => ({ file, object })));
const ERRORS = objectsIn(/(?:new (?:Platter|Findings)Error|super)\((?=\{)/g);
const SYSTEM_ERRORS = objectsIn(/(?<!function )\bmachineError\([^{;]*(?=\{)/g);

function isVerdict({ object }: { object: Source }, text: string): boolean {
  const codes = expressionsAfter(object, /(?<![.\w?])code: /g).flatMap(({ source }) => outerStrings(source));
  return text.startsWith("\\`") && codes.some((code) => VERDICTS.includes(code));
}

describe("new PlatterError", () => {
  test("every call is looked at", () => {
    const calls = SOURCES.flatMap(({ masked }) => masked.match(/new (?:Platter|Findings)Error\(/g) ?? []);
    expect(calls.length).toBeGreaterThan(100);
    expect(objectsIn(/new (?:Platter|Findings)Error\((?=\{)/g)).toHaveLength(calls.length);
  });

  test("a message begins with Cannot and gives a reason, or with the thing that has the verdict", () => {
    const wrong = ERRORS.flatMap(({ file, object }) =>
      textsOf(object, "message")
        .filter((text) => !/^Cannot .*: /s.test(text) && !/^(?:…|Interrupted )/.test(text))
        .filter((text) => !isVerdict({ object }, text))
        .map((text) => ({ file, text })),
    );
    expect(wrong).toEqual([]);
  });

  test("a message from elsewhere is one of those that are known", () => {
    const forwarding = ERRORS.filter(({ object }) => textsOf(object, "message").length === 0);
    const counts: Record<string, number> = {};
    for (const { file } of forwarding) counts[file] = (counts[file] ?? 0) + 1;
    expect(counts).toEqual(FORWARDED);
  });
});

test("machineError: a message begins with Cannot, and the reason of the system is added", () => {
  expect(SYSTEM_ERRORS.length).toBeGreaterThan(10);
  const texts = SYSTEM_ERRORS.flatMap(({ object }) => textsOf(object, "message"));
  expect(texts.filter((text) => !/^Cannot [^:]*$/.test(text))).toEqual([]);
});

describe("all messages, hints and findings", () => {
  test("a message has no full stop at its end", () => {
    const messages = [...ERRORS, ...SYSTEM_ERRORS].flatMap(({ object }) => textsOf(object, "message"));
    const others = SOURCES.flatMap(({ source }) => outerStrings(source)).filter((text) =>
      text.startsWith("Cannot "),
    );
    expect([...messages, ...others].filter((text) => /\.$/.test(text))).toEqual([]);
  });

  test("a hint is a sentence in the imperative", () => {
    const hints = SOURCES.flatMap((each) => textsOf(each, "hint"));
    expect(hints.length).toBeGreaterThan(100);
    expect(hints.filter((text) => !isImperative(text))).toEqual([]);
  });

  test.each(
    Object.entries<FindingText>(FINDINGS),
  )("%s: a title, a reason, and a fix in the imperative", (_, finding) => {
    expect(finding.title).not.toMatch(/\.$/);
    expect(finding.why).toMatch(/\.$/);
    expect(isImperative(finding.fix)).toBe(true);
  });
});

function isImperative(text: string): boolean {
  return (text.startsWith("…") || VERBS.includes(/^\w+/.exec(text)?.[0] ?? "")) && /\.$/.test(text);
}

describe("sourceTexts", () => {
  test("a slash after a value with `!` is a division, and after a negation a regular expression", () => {
    expect(sourceTexts("a[i]! / b; f()! / c; x! / d")).toEqual([]);
    expect(sourceTexts("if (!/a\\/b/.test(c)) d").map(({ text }) => text)).toEqual(["a\\/b"]);
    expect(() => sourceTexts("f(/a")).toThrow("does not end");
  });

  test("strings, templates with strings inside, comments and regular expressions", () => {
    const source = `const a = "x \\" y" + \`b \${f("c", { d: 1 })} e\`; // f\n/* g */ s.replace(/["\`]/g, 'h') / 2;`;
    expect(sourceTexts(source).map(({ kind, text }) => [kind, text])).toEqual([
      ["string", 'x \\" y'],
      ["string", "b … e"],
      ["string", "c"],
      ["comment", " f"],
      ["comment", " g "],
      ["regex", '["`]'],
      ["string", "h"],
    ]);
    expect(outerStrings(source)).toEqual(['x \\" y', "b … e", "h"]);
    expect(maskTexts(`a \`b\${\`c\`}\` d`)).toBe("a _________ d");
  });

  test("every file is read to its end", () => {
    for (const { source, masked } of SOURCES) {
      expect(masked).toHaveLength(source.length);
      expect(endOfExpression(masked.replaceAll(/[,;]/g, " "), 0)).toBe(source.length);
    }
  });
});
