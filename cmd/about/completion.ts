import { Argument, type Command } from "@commander-js/extra-typings";
import { bashCompletion } from "../reference/completion/bash.ts";
import { fishCompletion } from "../reference/completion/fish.ts";
import { zshCompletion } from "../reference/completion/zsh.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import { allPages } from "../reference/page.ts";
import type { WorldOf } from "../world.ts";

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function addCompletion(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("completion"),
    ["source <(platter completion bash)", "for this bash or zsh, and for all in their configuration"],
    ["platter completion fish > ~/.config/fish/completions/platter.fish", "for fish"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .addArgument(
      new Argument("<shell>", "shell that reads the script").choices(["bash", "zsh", "fish"] as const),
    )
    .summary("print completions for a shell")
    .description(
      "Prints a script with which a shell completes commands, options, their values and file names.",
    )
    .action(async (shell) => worldOf().printData(SCRIPTS[shell](allPages(program))));
}
