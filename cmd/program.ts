import { Command, Option } from "@commander-js/extra-typings";
import { printableLines } from "../internal/text/printable.ts";
import packageJson from "../package.json" with { type: "json" };
import { addAssemble } from "./assemble.ts";
import { addBiosImage } from "./bios-image.ts";
import { addBoot } from "./boot.ts";
import { addBuild } from "./build.ts";
import { addEfiImage } from "./efi-image.ts";
import { addImplant } from "./implant.ts";
import { addInspect } from "./inspect.ts";
import { refuseEmptyPaths } from "./options/refuse-empty-paths.ts";
import { addRenderGrub } from "./render-grub.ts";
import { addSquash } from "./squash.ts";
import { addVerify } from "./verify.ts";
import type { World } from "./world.ts";

export const VERSION = packageJson.version;

export type Verbosity = "quiet" | "normal" | "verbose";

/**
 * The command line: all commands with their options. `worldFor` makes what a command gets from outside, and `writeOut`
 * takes the text of --help and --version.
 */
export function createProgram(about: {
  worldFor: (verbosity: Verbosity) => World;
  writeOut: (text: string) => void;
}): Command {
  const program = new Command("platter")
    .description("Turns a container image into an ISO that boots everywhere.")
    .version(VERSION, "-V, --version", "print the version")
    .addOption(new Option("-v, --verbose", "show every tool call"))
    .addOption(new Option("-q, --quiet", "show nothing but errors").conflicts("verbose"))
    .enablePositionalOptions(false)
    .showHelpAfterError("(`platter --help` and `platter COMMAND --help` list commands and options)")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 a bug, 2 wrong usage, 3 the image breaks the contract, 4 a tool is missing or failed,\n5 the system refused (disk full, permission denied), 6 an ISO failed verification or did not boot, 130 interrupted.\n\nExample:\n  platter build quay.io/example/os:latest -o os.iso",
    )
    // Usage errors repeat what was typed.
    .configureOutput({
      writeOut: about.writeOut,
      writeErr: (text) => void process.stderr.write(printableLines(text)),
    })
    .hook("preAction", (_, command) => refuseEmptyPaths(command))
    .exitOverride();
  const worldOf = () => {
    const { verbose, quiet } = program.opts();
    return about.worldFor(verbose === true ? "verbose" : quiet === true ? "quiet" : "normal");
  };
  const root = program as unknown as Command;
  addBuild(root, worldOf);
  addInspect(root, worldOf);
  addRenderGrub(root, worldOf);
  addSquash(root, worldOf);
  addBiosImage(root, worldOf);
  addEfiImage(root, worldOf);
  addAssemble(root, worldOf);
  addImplant(root, worldOf);
  addVerify(root, worldOf);
  addBoot(root, worldOf);
  return root;
}
