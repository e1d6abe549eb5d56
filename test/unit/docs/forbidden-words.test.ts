/** Words for which CONTRIBUTING.md asks for plainer ones, in all comments, strings and scripts. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { forbiddenIn } from "../../helpers/forbidden-words.ts";
import { sourceTexts } from "../../helpers/source-text.ts";

const ROOT = join(import.meta.dir, "../../..");

/** The list itself, and this test of it. */
const ABOUT_WORDS = ["test/helpers/forbidden-words.ts", "test/unit/docs/forbidden-words.test.ts"];

const FILES = ["cmd", "internal", "test", "scripts", "templates", "examples"]
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1)),
  )
  .filter((file) => !ABOUT_WORDS.includes(file))
  .sort();

/** Texts of a file that a person reads: comments and strings of a program, and all of a script or template. */
function textsOf(file: string): { text: string; line: number }[] {
  const source = readFileSync(join(ROOT, file), "utf8");
  if (!file.endsWith(".ts")) return [{ text: source, line: 1 }];
  return joinedComments(sourceTexts(source).filter(({ kind }) => kind !== "regex"));
}

/** Line comments that follow each other are one text. */
function joinedComments(texts: ReturnType<typeof sourceTexts>): { text: string; line: number }[] {
  const joined: { kind: string; text: string; line: number; last: number }[] = [];
  for (const { kind, text, line } of texts) {
    const before = joined.at(-1);
    if (kind === "comment" && before?.kind === "comment" && before.last === line - 1) {
      before.text += `\n${text}`;
      before.last = line;
    } else joined.push({ kind, text, line, last: line });
  }
  return joined;
}

describe("forbiddenIn", () => {
  test.each([
    "a list is made anew",
    "whoever reads it",
    "there is none, and there are none",
    "this is no label",
    "he has it not",
    "it has not a name",
    "it cannot be had",
    "it lets go: to let go of a file",
    "in\nplace of that",
    "in\n * place of that",
    "for who asks",
    "all at once",
    "Meanwhile it waits",
    "the file beside it",
    "it waits in vain",
    "bytes behind the end",
    "it comes to an end",
    "the file lies there",
    "it stands in a list",
    "it tells the size",
    "the user is told",
  ])("finds %j", (text) => {
    expect(forbiddenIn(text)).not.toEqual([]);
  });

  test("leaves plain words alone", () => {
    const plain =
      "This is not a label, and besides nothing is at one side. It has not read it. It is now there. UUID stands for a number. I understand.";
    expect(forbiddenIn(plain)).toEqual([]);
  });
});

test("no text of the project has a forbidden word", () => {
  expect(FILES.length).toBeGreaterThan(600);
  const found = FILES.flatMap((file) =>
    textsOf(file).flatMap(({ text, line }) => forbiddenIn(text).map((words) => `${file}:${line}: ${words}`)),
  );
  expect(found).toEqual([]);
});
