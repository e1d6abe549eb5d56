import type { Command } from "@commander-js/extra-typings";

/**
 * The arguments of the command line, with a value that begins with `-` joined to its option: `--karg -quiet` as
 * `--karg=-quiet`. The parser first looks for the options of all commands, and would take `-q` out of such a value.
 */
export function withJoinedValues(program: Command, args: readonly string[]): string[] {
  const name = args.find((argument) => !argument.startsWith("-"));
  const command = program.commands.find((each) => each.name() === name);
  const takesValue = new Set(command?.options.filter(({ required }) => required).map(({ long }) => long));
  const joined: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const [argument = "", value = ""] = args.slice(at, at + 2);
    if (argument === "--") return [...joined, ...args.slice(at)];
    const isValue = takesValue.has(argument) && /^-./.test(value);
    joined.push(isValue ? `${argument}=${value}` : argument);
    if (isValue) at++;
  }
  return joined;
}
