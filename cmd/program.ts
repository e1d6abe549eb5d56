import { Command, Option } from "@commander-js/extra-typings";
import { printableLines } from "../internal/text/printable.ts";
import { addAssemble } from "./assemble.ts";
import { addBiosImage } from "./bios-image.ts";
import { addBoot } from "./boot.ts";
import { addBuild } from "./build.ts";
import { VERSION } from "./build-info.ts";
import { addCache } from "./cache.ts";
import { addCompletion } from "./completion.ts";
import { addEfiImage } from "./efi-image.ts";
import { addExplain } from "./explain.ts";
import { addHelp } from "./help.ts";
import { addImplant } from "./implant.ts";
import { addInspect } from "./inspect.ts";
import { addMan } from "./man.ts";
import { refuseEmptyPaths } from "./options/refuse-empty-paths.ts";
import { valuesFromVariables } from "./reference/environment.ts";
import { withExamples } from "./reference/examples.ts";
import { helpText } from "./reference/help-text.ts";
import { pageOf } from "./reference/page.ts";
import { addRenderGrub } from "./render-grub.ts";
import { addSquash } from "./squash.ts";
import { addVerify } from "./verify.ts";
import { addVersion } from "./version.ts";
import type { World } from "./world.ts";

export type Verbosity = "quiet" | "normal" | "verbose";

/**
 * The command line: all commands with their options. `worldFor` makes the `World` of a command, and `writeOut` receives
 * the text of --help and --version.
 */
export function createProgram(options: {
  worldFor: (verbosity: Verbosity) => World;
  writeOut: (text: string) => void;
}): Command {
  const program = withExamples(
    new Command("platter"),
    ["platter build quay.io/example/os:latest -o os.iso", "turn an image into an ISO"],
    ["platter boot os.iso", "boot the ISO in a virtual machine"],
  )
    .description("Turns a container image into an ISO that boots everywhere.")
    .version(`platter ${VERSION}`, "-V, --version", "print the version")
    .addOption(new Option("-v, --verbose", "show every tool call"))
    .addOption(new Option("-q, --quiet", "show nothing but errors").conflicts("verbose"))
    .enablePositionalOptions(false)
    .helpCommand(false)
    .configureHelp({
      formatHelp: (command, helper) =>
        helpText(pageOf(command as Command), { columns: helper.helpWidth || 80, box: helper }),
    })
    // Usage errors quote words of the command line, which may contain control characters.
    .configureOutput({
      writeOut: options.writeOut,
      writeErr: (text) => void process.stderr.write(printableLines(text)),
    })
    .hook("preAction", (_, command) => {
      refuseEmptyPaths(command);
      for (const line of valuesFromVariables(command)) worldOf().reporter.verbose(line);
    })
    .exitOverride();
  const worldOf = () => {
    const { verbose, quiet } = program.opts();
    return options.worldFor(verbose === true ? "verbose" : quiet === true ? "quiet" : "normal");
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
  addCache(root, worldOf);
  addCompletion(root, worldOf);
  addMan(root, worldOf);
  addExplain(root, worldOf);
  addVersion(root, worldOf);
  addHelp(root, worldOf);
  for (const command of [root, ...root.commands]) command.showHelpAfterError(usageHint(command as Command));
  return root;
}

/** The hint after a usage error. */
function usageHint(command: Command): string {
  const { name, usage } = pageOf(command);
  const help =
    name === "" ? "`platter --help` lists all commands" : `\`platter ${name} --help\` shows all options`;
  return `\nUsage: ${usage}\n${help}.`;
}
