import { ALL_EXIT_CODES } from "../../internal/base/exit-codes.ts";
import { PLAIN } from "../../internal/base/style.ts";
import { wrapped } from "../../internal/text/wrap.ts";
import { type CommandPage, remarksOn } from "./page.ts";

/** Most columns of a help text, because longer lines are hard to read. */
const WIDEST = 100;
/** Columns for the names of options and commands. After a longer name, the description begins in the next line. */
const NAME_COLUMNS = 26;
/** Least columns for a description next to a name. On a narrower terminal it is below the name. */
const NARROWEST = 40;

interface Item {
  term: string;
  text: string;
}

/** The help of a command, for a terminal of `columns`: usage and examples first, then arguments and options by groups. */
export function helpText(page: CommandPage, { columns }: { columns: number }): string {
  const width = Math.min(columns, WIDEST);
  const style = { ...PLAIN, columns: width };
  const section = (heading: string, items: readonly Item[]) =>
    items.length === 0 ? [] : [`${heading}:`, ...items.flatMap((item) => itemLines(item, width)), ""];
  return [
    ...wrapped(page.description, { style, indent: 0 }),
    "",
    `Usage: ${page.usage}`,
    "",
    "Examples:",
    ...page.examples.flatMap(({ line, purpose }) => [
      ...wrapped(purpose, { style: { ...style, columns: width - 4 }, indent: 0 }).map(
        (part) => `  # ${part}`,
      ),
      `  ${line}`,
    ]),
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
          ...wrapped("`platter help COMMAND` shows the options of a command.", { style, indent: 0 }),
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

function itemLines({ term, text }: Item, columns: number): string[] {
  const indent = 2 + NAME_COLUMNS + 2;
  const isNarrow = columns - indent < NARROWEST;
  const style = { ...PLAIN, columns };
  if (isNarrow || term.length > NAME_COLUMNS) {
    const below = isNarrow ? 8 : indent;
    return [`  ${term}`, ...wrapped(text, { style, indent: below, lead: " ".repeat(below) })];
  }
  return wrapped(text, { style, indent, lead: `  ${term.padEnd(NAME_COLUMNS)}  ` });
}
