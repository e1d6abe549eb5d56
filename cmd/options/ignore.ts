import type { Command } from "@commander-js/extra-typings";
import { OPTION_GROUPS } from "../reference/groups.ts";

/** Adds the option for findings that the user accepts. */
export function withIgnoreOption<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.findings)
    .option(
      "--ignore <code>",
      "hide a warning or note by its code, also from --strict (repeatable)",
      (value: string, before: string[]): string[] => [...before, value],
      [],
    );
}

export interface IgnoreFlags {
  ignore: string[];
}
