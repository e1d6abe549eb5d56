/** What help, man pages, completions and documentation are made from. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withHelpFirst } from "../../../cmd/about/help.ts";
import { createProgram } from "../../../cmd/program.ts";
import { OPTION_VARIABLES, VARIABLES } from "../../../cmd/reference/environment.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../../cmd/reference/groups.ts";
import { helpText } from "../../../cmd/reference/help-text.ts";
import { manPage } from "../../../cmd/reference/man-page.ts";
import { allPages, pageOf, remarksOn } from "../../../cmd/reference/page.ts";
import type { World } from "../../../cmd/world.ts";
import { ALL_EXIT_CODES } from "../../../internal/base/exit-codes.ts";
import { forbiddenIn } from "../../helpers/forbidden-words.ts";

const program = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined });
const PAGES = allPages(program);
const README = readFileSync(join(import.meta.dir, "../../../README.md"), "utf8");

const helpOf = (page: (typeof PAGES)[number], columns = 80) => helpText(page, { columns });

test("pages: platter and its commands", () => {
  expect(PAGES.length).toBe(program.commands.length + 1);
  expect(PAGES.map(({ name }) => name)).toEqual(["", ...program.commands.map((each) => each.name())]);
});

describe.each(PAGES.map((page) => [page.name || "platter", page] as const))("%s", (_, page) => {
  test("says what it is for", () => {
    expect(page.description).toMatch(/^[A-Z].*\.$/);
    if (page.name !== "") expect(page.summary).toMatch(/^[a-z].*[^.]$/);
  });

  test("has examples that name a command and options which it has", () => {
    expect(page.examples.length).toBeGreaterThan(0);
    for (const { line, purpose } of page.examples) {
      expect(purpose).toMatch(/^\S.*[^.]$/);
      const [, call] = /\b(platter [^|&]*)/.exec(line) ?? [];
      const words = (call ?? "").trim().split(/\s+/).slice(1);
      const named = PAGES.find(({ name }) => name === words[0]);
      expect({ line, command: named?.name }).toMatchObject({ command: expect.any(String) });
      if (page.name !== "") expect(named).toBe(page);
      const known = [...named!.options.flatMap(({ entries }) => entries), ...named!.globalOptions];
      const options = words.filter((word) => word.startsWith("-") && word !== "-");
      expect(
        options.filter((word) => !known.some(({ short, long }) => word === short || word === long)),
      ).toEqual([]);
    }
  });

  test("has its options in groups", () => {
    const headings: readonly string[] = Object.values(OPTION_GROUPS);
    expect(page.options.map(({ heading }) => heading).filter((name) => !headings.includes(name))).toEqual([]);
  });

  test("shows no default that means that the option is off", () => {
    expect(helpOf(page)).not.toMatch(/default: (false|true|\[\])/);
  });

  test.each([45, 60, 80])("fits into %d columns", (columns) => {
    const lines = helpOf(page, columns).split("\n");
    // A line of an example is copied as it is, and so are the usage and the names of options.
    const copied = [...page.examples.map(({ line }) => `  ${line}`), `Usage: ${page.usage}`];
    const long = lines.filter((line) => line.length > columns && !copied.includes(line));
    expect(long.filter((line) => columns === 80 || !/^ {2,6}-/.test(line))).toEqual([]);
  });

  test("has no forbidden word", () => expect(forbiddenIn(helpOf(page, 1000))).toEqual([]));

  test("names the global options", () => {
    for (const flags of ["-v, --verbose", "-q, --quiet", "-h, --help"])
      expect(helpOf(page)).toContain(`  ${flags}`);
  });
});

test("man pages, docs/commands.md and help: the same commands, options, defaults and variables", () => {
  const docs = readFileSync(join(import.meta.dir, "../../../docs/commands.md"), "utf8");
  const words = (text: string) =>
    text.replace(/\\(-|e|&|\(dq|\[u[0-9A-F]+\])|\\f./g, (_, mark) => mark ?? "").replace(/\s+/g, " ");
  for (const page of PAGES) {
    const man = words(manPage(page, { version: "1", date: "2026-12-31", others: PAGES }));
    const help = words(helpOf(page));
    for (const option of [...page.options.flatMap(({ entries }) => entries), ...page.globalOptions]) {
      const text = words([option.description, ...remarksOn(option)].join(" "));
      expect(man).toContain(text);
      expect(help).toContain(text);
      expect([option.flags, docs.includes(`| \`${option.flags}\` | `)]).toEqual([option.flags, true]);
    }
    for (const { name, meaning } of page.variables)
      for (const text of [man, help]) expect(text).toContain(`${name} ${meaning}`);
    const heading = page.name === "" ? "# Commands" : `\n## platter ${page.name}\n\n${page.description}\n`;
    expect([heading, docs.includes(heading)]).toEqual([heading, true]);
  }
});

test("the help of build: examples, then output and the other groups, and the variables", () => {
  const text = helpOf(pageOf(program.commands.find((each) => each.name() === "build")! as typeof program));
  const at = [
    "Usage: platter build [options] [image]",
    "Examples:",
    "Arguments:",
    `${OPTION_GROUPS.output}:`,
    `${OPTION_GROUPS.boot}:`,
    `${OPTION_GROUPS.work}:`,
    "Global options:",
    "Environment:",
  ].map((heading) => text.indexOf(`\n${heading}\n`));
  expect(at).not.toContain(-1);
  expect(at).toEqual(at.toSorted((left, right) => left - right));
  for (const name of [
    "PLATTER_CACHE",
    "PLATTER_CACHE_SIZE",
    "PLATTER_COMPRESSION",
    "PLATTER_PULL",
    "PLATTER_WORK",
  ])
    expect(text.replace(/\s+/g, " ")).toContain(`[env: ${name}]`);
  for (const { name } of VARIABLES) expect(text).toContain(`\n  ${name} `);
});

test("variables: each belongs to an option, and all options of that name have it", () => {
  const options = [program, ...program.commands].flatMap((command) => command.options);
  for (const [name, variable] of Object.entries(OPTION_VARIABLES)) {
    const found = options.filter(({ long }) => long === name).map(({ envVar }) => envVar);
    expect({ name, variables: [...new Set(found)] }).toEqual({ name, variables: [variable] });
  }
});

test("the help of platter: every command once, those that people need first on top", () => {
  const [page] = PAGES;
  expect(page!.commands[0]).toEqual({
    heading: COMMAND_GROUPS.main,
    entries: expect.arrayContaining([expect.objectContaining({ name: "build" })]),
  });
  const listed = page!.commands.flatMap(({ entries }) => entries.map(({ name }) => name));
  expect(listed.toSorted()).toEqual(program.commands.map((each) => each.name()).toSorted());
});

test("README.md: its tables of variables and exit codes are those of the help", () => {
  const rows = [...README.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(([, code, text]) => [Number(code), text]);
  expect(rows).toEqual(ALL_EXIT_CODES.map(({ code, title }) => [code, title]));
  for (const { name, meaning } of PAGES[0]!.variables)
    expect(README).toContain(`| \`${name}\` | ${meaning} |\n`);
});

test.each([
  ["--help build", "help build"],
  ["-h build", "help build"],
  ["-v --help build -o x", "-v help build"],
  ["--help", "--help"],
  ["--help --quiet", "--help --quiet"],
  ["build --help", "build --help"],
  ["build -o --help x", "build -o --help x"],
  ["", ""],
])("withHelpFirst: `%s` is `%s`", (typed, taken) => {
  expect(withHelpFirst(typed.split(" ").filter(Boolean))).toEqual(taken.split(" ").filter(Boolean));
});
