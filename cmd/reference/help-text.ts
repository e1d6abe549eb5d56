import { ALL_EXIT_CODES } from "../../internal/base/exit-codes.ts";
import { type CommandPage, remarksOn } from "./page.ts";

/** The functions of commander's `Help` that wrap texts. */
export interface TextBox {
  boxWrap(text: string, width: number): string;
}

/** Most columns of a help text, because longer lines are hard to read. */
const WIDEST = 100;
/** Columns for the names of options and commands. After a longer name, the description begins in the next line. */
const NAME_COLUMNS = 26;

interface Item {
  term: string;
  text: string;
}

/** The help of a command, for a terminal of `columns`: usage and examples first, then arguments and options by groups. */
export function helpText(page: CommandPage, { columns, box }: { columns: number; box: TextBox }): string {
  const width = Math.min(columns, WIDEST);
  const section = (heading: string, items: readonly Item[]) =>
    items.length === 0
      ? []
      : [`${heading}:`, ...items.flatMap((item) => itemLines(item, { width, box })), ""];
  return [
    box.boxWrap(page.description, width),
    "",
    `Usage: ${page.usage}`,
    "",
    "Examples:",
    ...page.examples.flatMap(({ line, purpose }) => [`  # ${purpose}`, `  ${line}`]),
    "",
    ...section(
      "Arguments",
      page.arguments.map((argument) => ({
        term: argument.name,
        text: [argument.description, ...remarksOn(argument)].join(" "),
      })),
    ),
    ...page.commands.flatMap(({ heading, entries }) =>
      section(
        heading,
        entries.map(({ name, summary }) => ({ term: name, text: summary })),
      ),
    ),
    ...page.options.flatMap(({ heading, entries }) => section(heading, entries.map(optionItem))),
    ...section("Global options", page.globalOptions.map(optionItem)),
    ...section(
      "Environment",
      page.variables.map(({ name, meaning }) => ({ term: name, text: meaning })),
    ),
    ...(page.name === ""
      ? [
          ...section(
            "Exit codes",
            ALL_EXIT_CODES.map(({ code, title }) => ({ term: String(code), text: title })),
          ),
          "`platter help COMMAND` shows the options of a command.",
          "",
        ]
      : []),
  ].join("\n");
}

function optionItem(option: CommandPage["globalOptions"][number]): Item {
  // An option without a short form is indented, so that all long forms begin in the same column.
  const term = option.short === undefined ? `    ${option.flags}` : option.flags;
  return { term, text: [option.description, ...remarksOn(option)].join(" ") };
}

function itemLines({ term, text }: Item, options: { width: number; box: TextBox }): string[] {
  const indent = " ".repeat(2 + NAME_COLUMNS + 2);
  const lines = options.box.boxWrap(text, options.width - indent.length).split("\n");
  if (term.length > NAME_COLUMNS) return [`  ${term}`, ...lines.map((line) => indent + line)];
  const [first = "", ...others] = lines;
  return [`  ${term.padEnd(NAME_COLUMNS)}  ${first}`, ...others.map((line) => indent + line)];
}
