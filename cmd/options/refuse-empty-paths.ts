import { PlatterError } from "../../internal/base/error.ts";

/** The part of a commander `Command` that has the options and their values. */
interface ParsedCommand {
  readonly options: readonly {
    readonly flags: string;
    readonly long?: string | undefined;
    attributeName(): string;
  }[];
  getOptionValue(key: string): unknown;
}

/**
 * Refuses an empty path as the value of an option. A script passes one if a variable is not set, and the system would
 * use the current folder instead.
 * @throws PlatterError `E_EMPTY_PATH`
 */
export function refuseEmptyPaths(command: ParsedCommand): void {
  for (const option of command.options) {
    if (!/<(?:file|dir|plan)>$/.test(option.flags)) continue;
    if (command.getOptionValue(option.attributeName()) !== "") continue;
    throw new PlatterError({
      code: "E_EMPTY_PATH",
      kind: "usage",
      message: `Cannot use \`${option.long}\`: its value is empty`,
      hint: "Give a path, or leave the option out.",
    });
  }
}
