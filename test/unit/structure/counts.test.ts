/** Numbers in texts: a noun has its plural only if the number is not 1. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { counted } from "../../../internal/text/counted.ts";
import { sourceTexts } from "../../helpers/source-text.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const NOUNS =
  "characters|checks|clusters|entries|files|fragments|images|kernels|layers|modules|others|partitions|patterns|places|problems|processors|times|vendors|warnings|ways";
/** An expression before a plural. A limit, as in `more than 100 files`, is never 1. */
const PLURAL = new RegExp(`(?<!than |over )… (?:${NOUNS})\\b`);

test("counted: one, several, and a plural of its own", () => {
  expect(counted(1, "file")).toBe("1 file");
  expect([counted(0, "file"), counted(2, "file")]).toEqual(["0 files", "2 files"]);
  expect([counted(1, "entry", "entries"), counted(3, "entry", "entries")]).toEqual(["1 entry", "3 entries"]);
});

test("texts: `counted` makes every number with a noun", () => {
  const files = ["cmd", "internal"].flatMap((folder) => [...new Glob(`${folder}/**/*.ts`).scanSync(ROOT)]);
  const found = files.flatMap((file) =>
    sourceTexts(readFileSync(join(ROOT, file), "utf8"))
      .filter(({ kind, text }) => kind === "string" && PLURAL.test(text))
      .map(({ text, line }) => `${file}:${line} ${text}`),
  );
  expect(found).toEqual([]);
});
