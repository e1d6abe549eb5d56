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

/** Variables that give an option its default. An empty one counts as not set. */
export const OPTION_VARIABLES = {
  cache: "PLATTER_CACHE",
  compression: "PLATTER_COMPRESSION",
  work: "PLATTER_WORK",
} as const;

/** Removes empty variables of {@link OPTION_VARIABLES}, which the command line parser would use as empty values. */
export function dropEmptyVariables(environment: Record<string, string | undefined>): void {
  for (const name of Object.values(OPTION_VARIABLES)) if (environment[name] === "") delete environment[name];
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
