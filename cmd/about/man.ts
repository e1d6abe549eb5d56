import type { Command } from "@commander-js/extra-typings";
import { BUILD_INFO } from "../build-info.ts";
import { withExamples } from "../reference/examples.ts";
import { COMMAND_GROUPS } from "../reference/groups.ts";
import { manPage } from "../reference/man-page.ts";
import { allPages, pageOf } from "../reference/page.ts";
import type { WorldOf } from "../world.ts";
import { commandNamed } from "./help.ts";

export function addMan(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("man"),
    ["platter man build | man -l -", "read the man page of the command `build`"],
    ["platter man > ~/.local/share/man/man1/platter.1", "install a man page"],
  )
    .helpGroup(COMMAND_GROUPS.other)
    .argument("[command]", "a command of platter")
    .summary("print a man page")
    .description("Prints the man page of a command, or of platter itself, as roff.")
    .action(async (name) => {
      const command = name === undefined ? program : commandNamed(program, name);
      await worldOf().printData(
        manPage(pageOf(command), {
          version: BUILD_INFO.platter,
          date: BUILD_INFO.date ?? "1970-01-01",
          others: allPages(program),
        }),
      );
    });
}
