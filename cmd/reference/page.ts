import type { Command, Option } from "@commander-js/extra-typings";
import { OPTION_VARIABLES, VARIABLES } from "./environment.ts";
import { type Example, examplesOf } from "./examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS, UNGROUPED } from "./groups.ts";

/** An option as the help, the man pages, the documentation and the completions show it. */
export interface OptionEntry {
  /** All forms of the option, such as `-o, --output <file>`. */
  flags: string;
  short: string | undefined;
  long: string;
  /** Name of the value. Undefined if the option does not take a value. */
  value: string | undefined;
  description: string;
  /** The allowed values. Empty if any value is allowed. */
  choices: readonly string[];
  /** The default value, if it is a text or a number. */
  default: string | undefined;
  /** The environment variable that sets the default. */
  variable: string | undefined;
  isRepeatable: boolean;
}

export interface ArgumentEntry {
  name: string;
  isRequired: boolean;
  description: string;
  choices: readonly string[];
}

export interface Group<T> {
  heading: string;
  entries: readonly T[];
}

/** A command as the help, the man page, the documentation and the completions show it. */
export interface CommandPage {
  /** Empty for platter itself. */
  name: string;
  usage: string;
  summary: string;
  description: string;
  examples: readonly Example[];
  arguments: readonly ArgumentEntry[];
  options: readonly Group<OptionEntry>[];
  globalOptions: readonly OptionEntry[];
  commands: readonly Group<{ name: string; summary: string }>[];
  variables: readonly { name: string; meaning: string }[];
}

/** The page of a command. Its global options include `-h`. */
export function pageOf(command: Command): CommandPage {
  const { parent } = command;
  const program = parent ?? command;
  const name = parent === null ? "" : command.name();
  const own = parent === null ? [] : command.options.filter(({ hidden }) => !hidden);
  return {
    name,
    usage: `${parent === null ? "" : `${program.name()} `}${command.name()} ${usageOf(command)}`.trimEnd(),
    summary: command.summary(),
    description: command.description(),
    examples: examplesOf(command),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      isRequired: argument.required,
      description: argument.description,
      choices: argument.argChoices ?? [],
    })),
    options: grouped(own.map(optionEntry), {
      headings: Object.values(OPTION_GROUPS),
      headingOf: ({ long }) => own.find((option) => option.long === long)?.helpGroupHeading,
      otherwise: UNGROUPED.options,
    }),
    globalOptions: [...program.options.filter(({ hidden }) => !hidden).map(optionEntry), HELP_OPTION],
    commands: grouped(
      visibleCommands(command).map((each) => ({ name: each.name(), summary: each.summary() })),
      {
        headings: Object.values(COMMAND_GROUPS),
        headingOf: (entry) => command.commands.find((each) => each.name() === entry.name)?.helpGroup(),
        otherwise: UNGROUPED.commands,
      },
    ),
    variables: command.helpGroup() === COMMAND_GROUPS.other ? [] : variablesOf(name, own),
  };
}

/** The pages of platter and of all its commands, platter first. */
export function allPages(program: Command): CommandPage[] {
  return [program, ...visibleCommands(program)].map(pageOf);
}

/** The remarks after the description of an option or argument: `[choices: …] [default: …] [env: …]`. */
export function remarksOn({
  choices,
  default: value,
  variable,
}: Pick<OptionEntry, "choices"> & Partial<OptionEntry>): string[] {
  return [
    ...(choices.length === 0 ? [] : [`[choices: ${choices.join(", ")}]`]),
    ...(value === undefined ? [] : [`[default: ${value}]`]),
    ...(variable === undefined ? [] : [`[env: ${variable}]`]),
  ];
}

const HELP_OPTION: OptionEntry = {
  flags: "-h, --help",
  short: "-h",
  long: "--help",
  value: undefined,
  description: "show the help of the command",
  choices: [],
  default: undefined,
  variable: undefined,
  isRepeatable: false,
};

function visibleCommands(command: Command): Command[] {
  return command.commands.filter((each) => !(each as unknown as { _hidden?: boolean })._hidden) as Command[];
}

function usageOf(command: Command): string {
  if (command.commands.length > 0) return "[options] <command>";
  return [
    "[options]",
    ...command.registeredArguments.map((each) => (each.required ? `<${each.name()}>` : `[${each.name()}]`)),
  ].join(" ");
}

function optionEntry(option: Option): OptionEntry {
  const value: unknown = option.defaultValue;
  return {
    flags: option.flags,
    short: option.short,
    long: option.long ?? option.flags,
    value: /[<[](.*)[>\]]$/.exec(option.flags)?.[1],
    description: option.description,
    choices: option.argChoices ?? [],
    default: typeof value === "string" || typeof value === "number" ? String(value) : undefined,
    variable: option.envVar,
    isRepeatable: Array.isArray(value),
  };
}

function variablesOf(name: string, options: readonly Option[]) {
  const own = options.flatMap(({ envVar, long }) =>
    envVar === undefined ? [] : [{ name: envVar, meaning: `default of \`${long}\`` }],
  );
  const all = Object.entries(OPTION_VARIABLES).map(([option, variable]) => ({
    name: variable,
    meaning: `default of \`${option}\` in every command that has it`,
  }));
  const others = VARIABLES.filter(({ commands }) => name === "" || (commands?.includes(name) ?? true));
  return [...(name === "" ? all : own), ...others.map(({ name, meaning }) => ({ name, meaning }))];
}

/** The entries by their headings. The headings in `headings` come first, in that order. */
function grouped<T>(
  entries: readonly T[],
  options: {
    headings: readonly string[];
    headingOf: (entry: T) => string | undefined;
    otherwise: string;
  },
): Group<T>[] {
  const groups = new Map<string, T[]>(options.headings.map((heading) => [heading, []]));
  for (const entry of entries) {
    const heading = options.headingOf(entry) || options.otherwise;
    groups.set(heading, [...(groups.get(heading) ?? []), entry]);
  }
  return [...groups]
    .map(([heading, members]) => ({ heading, entries: members }))
    .filter((group) => group.entries.length > 0);
}
