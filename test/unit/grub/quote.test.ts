import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { PlatterError } from "../../../internal/base/error.ts";
import { PRINTABLE, quoteWord, quoteWords, splitWords } from "../../../internal/grub/quote.ts";
import { lexGrub, NASTY } from "../../helpers/grub/lexer.ts";

// Properties and real tools take their time on a busy machine.
setDefaultTimeout(60_000);

/** Any printable text, most of it from characters that mean something to GRUB. */
const text = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(..."'\"\\$;{}|&<>#*?[]()!~` \tab=-/".replace("\t", "")) }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom(...NASTY),
  )
  .filter((each) => PRINTABLE.test(each));

describe("quoteWord", () => {
  test.each([
    "/images/pxeboot/vmlinuz",
    "quiet",
    "root=live:CDLABEL=Bazzite-Live",
    "console=ttyS0,115200n8",
    "rd.live.image",
    "a_b+c%d@e",
  ])("%s stays as it is", (word) => {
    expect(quoteWord(word)).toBe(word);
  });

  test.each([
    ["", "''"],
    ["a b", "'a b'"],
    ["it's", "'it'\\''s'"],
    ["'", "''\\'''"],
    ["if", "'if'"],
    ["$root", "'$root'"],
    ["a;b", "'a;b'"],
    ["a\\b", "'a\\b'"],
    ["#x", "'#x'"],
    ["*", "'*'"],
    ["é", "'é'"],
  ])("%j becomes %s", (word, quoted) => {
    expect(quoteWord(word)).toBe(quoted);
  });

  test("any printable text is one word and nothing else in any place", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(lexGrub(`x ${quoteWord(a)} ${quoteWord(b)}\ny`)).toEqual([["x", a, b], ["y"]]);
        expect(quoteWord(a)).not.toMatch(/[\n\r]/);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    "a\nb",
    "a\rb",
    "\0",
    "\u001b[31m",
    "\t",
    "\u0085",
    "\u2028",
    "\ud800",
  ])("%j is refused", (word) => {
    expect(() => quoteWord(word)).toThrow(PlatterError);
  });
});

describe("splitWords", () => {
  test.each<[string, string[] | undefined]>([
    ["", []],
    ["   ", []],
    ["/k  quiet   rhgb ", ["/k", "quiet", "rhgb"]],
    ['a="b c" d', ["a=b c", "d"]],
    ["a='b c' d", ["a=b c", "d"]],
    ['"a=b c"', ["a=b c"]],
    [`a="it's"`, ["a=it's"]],
    [`a='say "x"'`, ['a=say "x"']],
    ["''", [""]],
    ["a\\ b", ["a\\", "b"]],
    ["CDLABEL=A\\x20B", ["CDLABEL=A\\x20B"]],
    ["a;b $c {d} |e| <f> #g", ["a;b", "$c", "{d}", "|e|", "<f>", "#g"]],
    ['a="b', undefined],
    ["it's", undefined],
  ])("%j", (written, words) => {
    expect(splitWords(written)).toEqual(words);
  });

  test("reads text in single quotes unchanged, and its words survive GRUB", () => {
    const noQuote = text.filter((each) => !each.includes("'"));
    fc.assert(
      fc.property(fc.array(noQuote, { maxLength: 5 }), (words) => {
        const split = splitWords(words.map((word) => `'${word}'`).join(" "));
        expect(split).toEqual(words);
        expect(lexGrub(`linux ${quoteWords(words)}`)).toEqual([["linux", ...words]]);
      }),
    );
  });

  test("agrees with GRUB itself on text that uses only quotes and spaces", () => {
    const plain = fc.string({ unit: fc.constantFrom(..."'\" ab=") });
    fc.assert(
      fc.property(plain, (written) => {
        const words = splitWords(written);
        if (words === undefined) expect(() => lexGrub(`x ${written}`)).toThrow();
        else expect(lexGrub(`x ${written}`)).toEqual([["x", ...words]]);
      }),
      { numRuns: 2000 },
    );
  });
});
