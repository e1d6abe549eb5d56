import { test } from "bun:test";
import { createProgram } from "../../../cmd/program.ts";
import { allPages, type CommandPage, remarksOn } from "../../../cmd/reference/page.ts";
import type { World } from "../../../cmd/world.ts";
import { expectGenerated } from "../../helpers/generated-block.ts";

const program = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined });

/** A text in a cell of a table: `|` separates cells, and `<` begins a tag. */
const cell = (text: string) => text.replace(/[|<>]/g, (character) => `\\${character}`);

function section(page: CommandPage): string {
  const table = (heading: string, rows: readonly (readonly [string, string])[]) =>
    rows.length === 0
      ? []
      : [
          `| ${heading} | |`,
          "|---|---|",
          ...rows.map(([name, text]) => `| \`${name}\` | ${cell(text)} |`),
          "",
        ];
  const optionRows = (options: CommandPage["globalOptions"]) =>
    options.map((option) => [option.flags, [option.description, ...remarksOn(option)].join(" ")] as const);
  return [
    `## platter ${page.name}`,
    "",
    page.description,
    "",
    "```sh",
    ...page.examples.map(({ line, purpose }) => `${line}    # ${purpose}`),
    "```",
    "",
    ...table(
      "argument",
      page.arguments.map(({ name, description }) => [name, description]),
    ),
    ...page.options.flatMap(({ heading, entries }) => table(heading, optionRows(entries))),
  ].join("\n");
}

/** All commands and their options, as the page documents them. */
function generated(): string {
  const [main, ...commands] = allPages(program);
  const globalRows = main!.globalOptions.map(
    ({ flags, description }) => `| \`${flags}\` | ${description} |\n`,
  );
  const global = `| every command | |\n|---|---|\n${globalRows.join("")}`;
  return `${global}\n${commands.map(section).join("\n")}`;
}

test("docs/commands.md: has every command with its options (PLATTER_UPDATE_GOLDEN=1 writes them)", () => {
  expectGenerated("docs/commands.md", "commands", generated());
});
