/** Every page of the project: its words follow CONTRIBUTING.md, and the paths that it names exist. */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { createProgram } from "../../../cmd/program.ts";
import type { World } from "../../../cmd/world.ts";
import { forbiddenIn } from "../../helpers/forbidden-words.ts";

const ROOT = join(import.meta.dir, "../../..");
const FOLDERS = ["cmd", "docs", "examples", "internal", "scripts", "templates", "test"];
const PAGES = ["*.md", ...FOLDERS.map((folder) => `${folder}/**/*.md`)]
  .flatMap((pattern) => [...new Glob(pattern).scanSync(ROOT)])
  .sort();

const read = (page: string) => readFileSync(join(ROOT, page), "utf8");

/** Paths of the project in a page's code spans, relative to the root; `*` stands for any name. */
function namedPaths(text: string): string[] {
  const prose = text.replace(/^```.*?^```/gms, "");
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  const inProject = new RegExp(`^(?:\\./)?(?:${FOLDERS.join("|")})/[\\w./*-]*$`);
  return spans.filter((span) => inProject.test(span) || /^[\w./*-]+\.(?:ts|md)$/.test(span));
}

/** Targets of a page's links inside the project, without anchors. */
function linkedPaths(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
}

const exists = (path: string) =>
  path.includes("*") ? !new Glob(path).scanSync(ROOT).next().done : existsSync(join(ROOT, path));

test("pages: the main ones are found", () => {
  expect(PAGES).toContain("README.md");
  expect(PAGES).toContain("docs/findings.md");
  expect(PAGES).toContain("examples/debian/README.md");
});

test("named paths: code spans, but not names of other places", () => {
  const text =
    "`internal/base/error.ts`, `grub.ts`, `/boot/x`, `oci:os`, `docs/*.md`\n```sh\n./scripts/x\n```\n";
  expect(namedPaths(text)).toEqual(["internal/base/error.ts", "grub.ts", "docs/*.md"]);
  expect(exists("docs/*.md")).toBe(true);
  expect(exists("docs/*.nothing")).toBe(false);
});

describe.each(PAGES)("%s", (page) => {
  test("has no forbidden word", () => {
    expect(forbiddenIn(read(page))).toEqual([]);
  });

  test("names paths that exist", () => {
    expect(namedPaths(read(page)).filter((path) => !exists(path))).toEqual([]);
  });

  test("links to pages that exist", () => {
    const missing = linkedPaths(read(page)).filter((path) => !exists(join(dirname(page), path)));
    expect(missing).toEqual([]);
  });
});

test("ARCHITECTURE.md: names paths", () => {
  expect(namedPaths(read("ARCHITECTURE.md")).length).toBeGreaterThan(40);
});

/** Pages whose code spans name no other program's options. */
const OPTION_PAGES = ["README.md", "docs/iso-format.md", "docs/iso-yaml.md", "docs/references.md"];

describe.each(OPTION_PAGES)("%s", (page) => {
  test("names options that a command has", () => {
    const program = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined });
    const known = [program, ...program.commands].flatMap(({ options }) => options.map(({ long }) => long));
    const named = [...read(page).matchAll(/`(--[a-z][a-z-]*)[^`]*`/g)].map(([, option]) => option!);
    expect(named.filter((option) => !known.includes(option))).toEqual([]);
  });
});

test("docs/coming-from.md: the column of platter names options that a command or the action has", () => {
  const program = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined });
  const known = [program, ...program.commands].flatMap(({ options }) =>
    options.flatMap(({ long, short }) => [long, short]),
  );
  const cells = [...read("docs/coming-from.md").matchAll(/^\| .* \| (.*) \|$/gm)].map(([, cell]) => cell!);
  const named = cells.flatMap((cell) =>
    [...cell.matchAll(/(?<![\w-])--?[a-z][a-z-]*/g)].map(([option]) => option),
  );
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((option) => !known.includes(option))).toEqual([]);
  const inputs = cells.flatMap((cell) => [...cell.matchAll(/`([a-z-]+): /g)].map(([, name]) => name!));
  for (const input of inputs) expect(read("action.yml")).toContain(`\n  ${input}:\n`);
});

test("ARCHITECTURE.md: is short enough to be read", () => {
  expect(read("ARCHITECTURE.md").trim().split(/\s+/).length).toBeLessThanOrEqual(1200);
});

test("README.md: names options", () => {
  expect(read("README.md").match(/`--[a-z]/g)?.length).toBeGreaterThan(20);
});
