import { PlatterError } from "../../internal/base/error.ts";

/** Options, by their long names, that have no effect under a condition, and the reason. */
export interface Unused {
  when: boolean;
  options: readonly string[];
  /** The end of a sentence that begins with `… has no effect: `. */
  reason: string;
  hint: string;
}

/** The part of a commander `Command` that has the options and the source of their values. */
export interface ParsedCommand {
  readonly args: readonly string[];
  readonly options: readonly { readonly long?: string | undefined; attributeName(): string }[];
  getOptionValueSource(key: never): string | undefined;
}

/** Refuses options of the command line that have no effect under these rules. @throws PlatterError `E_OPTION_UNUSED` */
export function refuseUnused(command: ParsedCommand, rules: readonly Unused[]): void {
  for (const { when, options, reason, hint } of rules) {
    if (!when) continue;
    const given = options.filter((name) => isGiven(command, name));
    if (given.length === 0) continue;
    throw new PlatterError({
      code: "E_OPTION_UNUSED",
      kind: "usage",
      message: `Cannot use ${given.map((name) => `\`${name}\``).join(" and ")}: ${reason}`,
      hint,
    });
  }
}

/** The name of the command's argument among the options of a rule. */
export const IMAGE_ARGUMENT = "IMAGE";

/**
 * Returns the flags without a `--work` from the environment if something else replaces the image and its plan. Such a
 * run must not use the default work folder.
 */
export function withoutDefaultWork<F extends { work?: string | undefined }>(
  command: ParsedCommand,
  options: { flags: F; replacedBy: readonly string[] },
): F {
  const { flags, replacedBy } = options;
  const isReplaced = command.args.length === 0 && replacedBy.some((name) => isGiven(command, name));
  return isReplaced && !isGiven(command, "--work") ? { ...flags, work: undefined } : flags;
}

/** Whether an option is on the command line. A default or a variable of the environment does not count. */
export function isGiven(command: ParsedCommand, name: string): boolean {
  if (name === IMAGE_ARGUMENT) return command.args.length > 0;
  const option = command.options.find(({ long }) => long === name);
  return option !== undefined && command.getOptionValueSource(option.attributeName() as never) === "cli";
}
