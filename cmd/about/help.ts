import type { Command } from "@commander-js/extra-typings";
import { PlatterError } from "../../internal/base/error.ts";
import { nearest } from "../../internal/text/nearest.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import type { WorldOf } from "../world.ts";

export function addHelp(program: Command, worldOf: WorldOf): void {
  withExamples(program.command("help"), ["platter help build", "options of the command `build`"])
    .helpGroup(COMMAND_GROUPS.other)
    .argument("[command]", "a command of platter")
    .summary("show the help of a command")
    .description("Shows the help of a command, or the list of commands.")
    .action(async (name) => {
      const topic = name === undefined ? program : commandNamed(program, name);
      await worldOf().printData(topic.helpInformation());
    });
}

/** The command with this name. @throws PlatterError `E_HELP_TOPIC` */
export function commandNamed(program: Command, name: string): Command {
  const found = program.commands.find((each) => each.name() === name);
  if (found !== undefined) return found as Command;
  const meant = nearest(
    name,
    program.commands.map((each) => each.name()),
  );
  throw new PlatterError({
    code: "E_HELP_TOPIC",
    kind: "usage",
    message: `Cannot show help for \`${name}\`: platter does not have this command`,
    hint: `${meant === undefined ? "" : `Try \`platter help ${meant}\`. `}List the commands with \`platter help\`.`,
  });
}

/**
 * The arguments of the command line, with `--help COMMAND` written as `help COMMAND`, because the parser does not
 * accept a word after `--help`. Options that are valid for all commands may come first.
 */
export function withHelpFirst(args: readonly string[]): string[] {
  const isGlobal = (argument: string, index: number) =>
    /^(-[vq]|--verbose|--quiet|--(color|progress)(=.*)?)$/.test(argument) ||
    /^--(color|progress)$/.test(args[index - 1] ?? "");
  const at = args.findIndex((argument, index) => !isGlobal(argument, index));
  const topic = args[at + 1];
  const asksForHelp = at >= 0 && /^(-h|--help)$/.test(args[at]!);
  if (!asksForHelp || topic === undefined || topic.startsWith("-")) return [...args];
  return [...args.slice(0, at), "help", topic];
}
