/** Codes of errors and findings: each is raised somewhere, under its literal name. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { ERRORS, type ErrorText } from "../../../internal/base/error-codes.ts";
import { WARNINGS } from "../../../internal/base/warning-codes.ts";
import { BOOT_FAILURES } from "../../../internal/boot/boot-failures.ts";
import { PROBLEMS } from "../../../internal/bytes/problem-codes.ts";
import { errorCodeOf, FINDINGS, type FindingCode } from "../../../internal/contract/findings/finding.ts";
import { EXPLAINED_CODES } from "../../../internal/ui/explain.ts";
import { forbiddenIn } from "../../helpers/forbidden-words.ts";
import { sourceTexts } from "../../helpers/source-text.ts";

const ROOT = resolve(import.meta.dir, "../../..");
/** The tables themselves. */
const TABLES = [
  "internal/base/error-codes.ts",
  "internal/base/warning-codes.ts",
  "internal/boot/boot-failures.ts",
  "internal/bytes/problem-codes.ts",
  ...["config", "image", "initramfs", "live", "secure-boot"].map(
    (name) => `internal/contract/findings/${name}-findings.ts`,
  ),
];

/** Strings of all sources but the tables, with the file that has them. */
const STRINGS = ["cmd", "internal"]
  .flatMap((folder) => [...new Glob(`${folder}/**/*.ts`).scanSync(ROOT)])
  .filter((file) => !TABLES.includes(file))
  .sort()
  .flatMap((file) =>
    sourceTexts(readFileSync(join(ROOT, file), "utf8"))
      .filter(({ kind }) => kind === "string")
      .map(({ text }) => ({ file, text })),
  );
const LITERALS = new Set(STRINGS.map(({ text }) => text));

describe("error codes", () => {
  test("each is raised under its literal name", () => {
    // A bug is not an error that some code raises: its text has the code.
    const codes = Object.keys(ERRORS).filter((code) => code !== "E_BUG");
    expect(codes.filter((code) => !LITERALS.has(code))).toEqual([]);
  });

  test("each of a finding is raised under its literal name", () => {
    expect(Object.keys(FINDINGS).filter((code) => !LITERALS.has(code))).toEqual([]);
  });

  test("each of a problem of a finished ISO, and of a failed boot", () => {
    const codes = [...Object.keys(PROBLEMS), ...Object.keys(BOOT_FAILURES)];
    expect(codes.filter((code) => !LITERALS.has(code))).toEqual([]);
  });

  test("each of a warning", () => {
    expect(Object.keys(WARNINGS).filter((code) => !LITERALS.has(code))).toEqual([]);
  });

  test("each literal code is one that `platter explain` knows", () => {
    const codes = [...LITERALS].filter((text) => /^[BEFW]_[A-Z0-9_]*[A-Z0-9]$/.test(text));
    expect(codes.length).toBeGreaterThan(100);
    const unknown = codes.filter((code) => !EXPLAINED_CODES.includes(code));
    // An error of one finding has the finding's code with another first letter.
    expect(unknown.filter((code) => !EXPLAINED_CODES.includes(code.replace(/^E_/, "F_")))).toEqual([]);
  });

  test("none is composed", () => {
    expect(STRINGS.filter(({ text }) => /^[BEFW]_(?:[A-Z0-9_]*…|$)/.test(text))).toEqual([
      // A type.
      { file: "internal/contract/findings/boot-claims.ts", text: "F_…" },
      // The one rule that gives an error the code of its finding.
      { file: "internal/contract/findings/finding.ts", text: "E_…" },
      { file: "internal/contract/findings/finding.ts", text: "F_" },
    ]);
  });

  test("none is also the code of an error that a finding causes", () => {
    const ofFindings = Object.keys(FINDINGS).map((code): string => errorCodeOf(code as FindingCode));
    expect(ofFindings.filter((code) => code in ERRORS)).toEqual([]);
  });

  test.each(Object.entries<ErrorText>(ERRORS))("%s: a title and an imperative sentence", (_, text) => {
    expect(text.title).toMatch(/^[^\n]*[^\n.]$/);
    expect(text.fix).toMatch(/^[A-Z][a-z]+ [^\n]+\.$/);
    expect([...forbiddenIn(text.title), ...forbiddenIn(text.fix)]).toEqual([]);
  });
});
