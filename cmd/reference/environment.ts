import type { Command, Option } from "@commander-js/extra-typings";

/** A variable of the environment that changes what platter does. */
export interface Variable {
  name: string;
  meaning: string;
  /** Commands that read the variable. Undefined for all commands. */
  commands?: readonly string[];
}

/** Variables that are not the default of an option. */
export const VARIABLES: readonly Variable[] = [
  {
    name: "SOURCE_DATE_EPOCH",
    meaning: "time of everything on the ISO, in seconds since 1970 (default: the image's creation time)",
    commands: ["build", "inspect", "squash", "efi-image"],
  },
  { name: "TMPDIR", meaning: "folder for temporary files and logs of failed runs (default: /tmp)" },
  { name: "NO_COLOR", meaning: "no colours, if it is not empty" },
  { name: "FORCE_COLOR", meaning: "colours also without a terminal, if it is not empty and not 0" },
  { name: "CLICOLOR_FORCE", meaning: "the same as FORCE_COLOR" },
];

/** Variables that give an option its default, in every command that has the option. An empty one counts as not set. */
export const OPTION_VARIABLES = {
  "--accel": "PLATTER_ACCEL",
  "--cache": "PLATTER_CACHE",
  "--cache-size": "PLATTER_CACHE_SIZE",
  "--compression": "PLATTER_COMPRESSION",
  "--cpus": "PLATTER_CPUS",
  "--jobs": "PLATTER_JOBS",
  "--memory": "PLATTER_MEMORY",
  "--progress": "PLATTER_PROGRESS",
  "--pull": "PLATTER_PULL",
  "--rootfs": "PLATTER_ROOTFS",
  "--timeout": "PLATTER_TIMEOUT",
  "--work": "PLATTER_WORK",
} as const;

/** Removes empty variables of {@link OPTION_VARIABLES}, which the command line parser would use as empty values. */
export function dropEmptyVariables(environment: Record<string, string | undefined>): void {
  for (const name of Object.values(OPTION_VARIABLES)) if (environment[name] === "") delete environment[name];
}

/** The option with its variable of {@link OPTION_VARIABLES}. It must be called before the option is added to a command. */
export function withVariable<O extends Option>(option: O): O {
  return option.env(OPTION_VARIABLES[option.long as keyof typeof OPTION_VARIABLES]);
}

/**
 * An option of the command line that conflicts with another one removes the variable of the other from the
 * environment. So only two options of the command line conflict.
 */
export function preferToVariables(command: Command): void {
  for (const { envVar, ...option } of command.options.map(conflictsOf)) {
    if (envVar === undefined) continue;
    for (const other of command.options.map(conflictsOf))
      if (other.conflictsWith.includes(option.key))
        command.on(`option:${other.name}`, () => delete process.env[envVar]);
  }
}

function conflictsOf(option: Option) {
  // The types of commander do not have this field.
  const { conflictsWith } = option as unknown as { conflictsWith: readonly string[] };
  return { name: option.name(), key: option.attributeName(), envVar: option.envVar, conflictsWith };
}

/** The part of a commander `Command` that has the options and their values. */
interface ParsedCommand {
  readonly options: readonly {
    readonly long?: string | undefined;
    readonly envVar?: string | undefined;
    attributeName(): string;
  }[];
  getOptionValue(key: string): unknown;
  getOptionValueSource(key: never): string | undefined;
}

/** One line for each option whose value is from a variable of the environment. */
export function valuesFromVariables(command: ParsedCommand): string[] {
  return command.options.flatMap((option) => {
    const key = option.attributeName();
    if (command.getOptionValueSource(key as never) !== "env") return [];
    return [`\`${option.long}\` is \`${command.getOptionValue(key)}\`, from ${option.envVar}`];
  });
}

/** One line for each variable whose value an error quotes with its option, because the value cannot be read. */
export function quotedVariables(
  message: string,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  return Object.entries(OPTION_VARIABLES).flatMap(([option, variable]) => {
    const value = environment[variable];
    const isQuoted = value !== undefined && message.includes(`\`${option} ${value}\``);
    return isQuoted ? [`\`${option}\` is \`${value}\`, from ${variable}`] : [];
  });
}
