import { ALL_EXIT_CODES } from "../../internal/base/exit-codes.ts";
import { type CommandPage, type OptionEntry, remarksOn } from "./page.ts";

/** The name of a command's man page, such as `platter-build`. */
export function manPageName({ name }: Pick<CommandPage, "name">): string {
  return name === "" ? "platter" : `platter-${name}`;
}

/**
 * The man page of a command, in section 1, with the macros of man(7). `date` has the form 2026-12-31, and `others` are
 * the pages under SEE ALSO.
 */
export function manPage(
  page: CommandPage,
  options: { version: string; date: string; others: readonly CommandPage[] },
): string {
  const { name, summary, description, usage } = page;
  const purpose =
    name === ""
      ? description.replace(/^(.)(.*)\.$/, (_, first, rest) => first.toLowerCase() + rest)
      : summary;
  const tagged = (term: string, text: string) => [".TP", `.B ${term}`, filled(text)];
  const optionList = (entries: readonly OptionEntry[]) =>
    entries.flatMap((option) =>
      tagged(flagsText(option), [option.description, ...remarksOn(option)].join(" ")),
    );
  return `${[
    `.TH ${roff(manPageName(page).toUpperCase())} 1 ${options.date} "platter ${roff(options.version)}" "User Commands"`,
    ".SH NAME",
    `${roff(manPageName(page))} \\- ${roff(purpose)}`,
    ".SH SYNOPSIS",
    `.B ${roff(usage)}`,
    ".SH DESCRIPTION",
    filled(description),
    ...section(
      "ARGUMENTS",
      page.arguments.flatMap((argument) =>
        tagged(roff(argument.name), [argument.description, ...remarksOn(argument)].join(" ")),
      ),
    ),
    ...page.commands.flatMap(({ heading, entries }) =>
      section(
        heading.toUpperCase(),
        entries.flatMap((entry) => tagged(roff(entry.name), entry.summary)),
      ),
    ),
    ...section("OPTIONS", [
      ...page.options.flatMap(({ heading, entries }) => [`.SS ${roff(heading)}`, ...optionList(entries)]),
      ".SS Global options",
      ...optionList(page.globalOptions),
    ]),
    ...section(
      "ENVIRONMENT",
      page.variables.flatMap((variable) => tagged(variable.name, variable.meaning)),
    ),
    ...section(
      "EXIT STATUS",
      ALL_EXIT_CODES.flatMap(({ code, title }) => tagged(String(code), title)),
    ),
    ...section(
      "EXAMPLES",
      page.examples.flatMap(({ line, purpose }) => [".TP", `${roff(purpose)}:`, `.B ${roff(line)}`]),
    ),
    ...section("SEE ALSO", seeAlso(page, options.others)),
  ].join("\n")}\n`;
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`.SH ${roff(heading)}`, ...lines];
}

/** The flags of an option in roff, such as `\-o, \-\-output <file>`, with the value in italics, in the same brackets. */
function flagsText({ flags, value }: OptionEntry): string {
  if (value === undefined) return roff(flags);
  const [names = ""] = flags.split(/ [<[]/);
  const [open, close] = flags.endsWith("]") ? "[]" : "<>";
  return `"${roff(names)} \\fI${open}${roff(value)}${close}\\fP"`;
}

function seeAlso(page: CommandPage, others: readonly CommandPage[]): string[] {
  const names = others.filter(({ name }) => name !== page.name).map(manPageName);
  return names.map((name, index) => `.BR ${roff(name)} (1)${index < names.length - 1 ? "," : ""}`);
}

/** A text in roff, in lines of at most 80 characters if its words are short enough. */
function filled(text: string): string {
  const lines = roff(text).match(/\S.{0,78}(?=\s|$)|\S+/g) ?? [];
  return lines.map((line) => line.replace(/^(?=[.'])/, "\\&")).join("\n");
}

/** A text in roff: hyphens are escaped as minus signs, and no line begins with a control character. */
function roff(text: string): string {
  const escaped = text.replace(/\\/g, "\\e").replace(/-/g, "\\-").replace(/"/g, "\\(dq");
  return escaped.replace(/^(?=[.'])/gm, "\\&").replace(/[^\x20-\x7e\n]/g, (character) => {
    return `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}
