import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ERRORS } from "../../../internal/base/error-codes.ts";
import { ALL_EXIT_CODES } from "../../../internal/base/exit-codes.ts";
import { WARNINGS } from "../../../internal/base/warning-codes.ts";
import { BOOT_FAILURES } from "../../../internal/boot/boot-failures.ts";
import { PROBLEMS } from "../../../internal/bytes/problem-codes.ts";
import { explain } from "../../../internal/ui/explain.ts";
import { expectGenerated, markdownTable } from "../../helpers/generated-block.ts";

const PAGE = "docs/errors.md";

const EXITS = markdownTable(
  ["exit code", "meaning"],
  ALL_EXIT_CODES.map(({ code, title }) => [String(code), title]),
);

test.each(["README.md", PAGE])("%s: has all exit codes (PLATTER_UPDATE_GOLDEN=1 writes them)", (page) => {
  expectGenerated(page, "exit codes", EXITS);
});

test("docs/errors.md: has all errors", () => {
  const rows = Object.keys(ERRORS)
    .sort()
    .map((code) => {
      const { title, fix = "", exitCodes } = explain(code);
      return [`\`${code}\``, exitCodes.join(", "), title, fix];
    });
  expectGenerated(
    PAGE,
    "errors",
    markdownTable(["code", "exit code", "what went wrong", "what to do"], rows),
  );
});

test("docs/errors.md: has all warnings that are not findings", () => {
  const rows = Object.entries(WARNINGS).map(([code, { title, fix }]) => [`\`${code}\``, title, fix]);
  expectGenerated(PAGE, "warnings", markdownTable(["code", "what may happen", "what to do"], rows));
});

test("docs/errors.md: has all problems of finished ISOs", () => {
  const rows = Object.entries(PROBLEMS)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, title]) => [`\`${code}\``, title]);
  expectGenerated(PAGE, "problems", markdownTable(["code", "what is wrong"], rows));
});

test("docs/errors.md: has all reasons of failed boots", () => {
  const rows = Object.entries(BOOT_FAILURES).map(([code, title]) => [`\`${code}\``, title]);
  expectGenerated(PAGE, "failed boots", markdownTable(["code", "what happened"], rows));
});

test("docs/errors.md: is named where users look for errors", () => {
  const read = (page: string) => readFileSync(join(import.meta.dir, "../../..", page), "utf8");
  expect(read("README.md")).toContain("(docs/errors.md)");
  expect(read("docs/findings.md")).toContain("(errors.md)");
});
