import { Command } from "@commander-js/extra-typings";
import { printableLines } from "../internal/text/printable.ts";
import { addCompletion } from "./about/completion.ts";
import { addDoctor } from "./about/doctor.ts";
import { addExplain } from "./about/explain.ts";
import { addHelp } from "./about/help.ts";
import { addMan } from "./about/man.ts";
import { addSchema } from "./about/schema.ts";
import { addVersion } from "./about/version.ts";
import { addAssemble } from "./assemble.ts";
import { addBiosImage } from "./bios-image.ts";
import { addBoot } from "./boot.ts";
import { addBuild } from "./build.ts";
import { VERSION } from "./build-info.ts";
import { addCache } from "./cache.ts";
import { addContainerfile } from "./containerfile.ts";
import { addEfiImage } from "./efi-image.ts";
import { addImplant } from "./implant.ts";
import { addInspect } from "./inspect.ts";
import { GLOBAL_OPTIONS, type GlobalFlags, globalFlags } from "./options/global.ts";
import { refuseUnusedPull } from "./options/pull.ts";
import { refuseEmptyPaths } from "./options/refuse-empty-paths.ts";
import { requireReadable } from "./options/require-readable.ts";
import { preferToVariables, valuesFromVariables } from "./reference/environment.ts";
import { withExamples } from "./reference/examples.ts";
import { helpText } from "./reference/help-text.ts";
import { pageOf } from "./reference/page.ts";
import { addRenderGrub } from "./render-grub.ts";
import { addSizes } from "./sizes.ts";
import { addSquash } from "./squash.ts";
import { addVerify } from "./verify.ts";
import type { World } from "./world.ts";

/**
 * The command line: all commands with their options. `worldFor` makes the `World` of a command. `writeOut` receives the
 * text of --help and --version, and `writeError` usage errors, which go to standard error without it. A command first
 * reports the `notes`.
 */
export function createProgram(options: {
  worldFor: (flags: GlobalFlags) => World;
  notes?: readonly string[];
  writeOut: (text: string) => void;
  writeError?: (text: string) => void;
}): Command {
  const { writeOut, writeError = (text: string) => void process.stderr.write(text) } = options;
  const program = withExamples(
    new Command("platter"),
    ["platter build --pull quay.io/example/os:latest -o os.iso", "turn an image into an ISO"],
    ["platter boot os.iso", "boot the ISO in a virtual machine"],
  )
    .description("Turns a container image into an ISO that boots everywhere.")
    .version(`platter ${VERSION}`, "-V, --version", "print the version")
    .enablePositionalOptions(false)
    .helpCommand(false)
    .configureHelp({
      formatHelp: (command, helper) =>
        helpText(pageOf(command as Command), { columns: helper.helpWidth || 80 }),
    })
    // Usage errors quote words of the command line, which may contain control characters.
    .configureOutput({
      writeOut,
      writeErr: (text) => writeError(printableLines(text)),
      outputError: (text) => {
        const head = worldOf().reporter.style.paint("error", "error:");
        writeError(printableLines(text).replace(/^error:/, head));
      },
    })
    .hook("preAction", (_, command) => {
      refuseEmptyPaths(command);
      refuseUnusedPull(command);
      requireReadable(command);
      for (const line of [root, command as Command].flatMap(valuesFromVariables))
        worldOf().reporter.verbose(line);
      for (const message of options.notes ?? []) worldOf().reporter.notice({ severity: "note", message });
    })
    .exitOverride();
  const root = program as unknown as Command;
  for (const option of GLOBAL_OPTIONS) root.addOption(option);
  const worldOf = () => options.worldFor(globalFlags(root));
  addBuild(root, worldOf);
  addInspect(root, worldOf);
  addContainerfile(root, worldOf);
  addRenderGrub(root, worldOf);
  addSquash(root, worldOf);
  addBiosImage(root, worldOf);
  addEfiImage(root, worldOf);
  addAssemble(root, worldOf);
  addImplant(root, worldOf);
  addVerify(root, worldOf);
  addSizes(root, worldOf);
  addBoot(root, worldOf);
  addCache(root, worldOf);
  addCompletion(root, worldOf);
  addMan(root, worldOf);
  addDoctor(root, worldOf);
  addExplain(root, worldOf);
  addSchema(root, worldOf);
  addVersion(root, worldOf);
  addHelp(root, worldOf);
  for (const command of [root, ...root.commands] as Command[]) {
    preferToVariables(command);
    command.showHelpAfterError(usageHint(command));
  }
  return root;
}

/** The hint after a usage error. */
function usageHint(command: Command): string {
  const { name, usage } = pageOf(command);
  const help =
    name === "" ? "`platter --help` lists all commands" : `\`platter ${name} --help\` shows all options`;
  return `\nUsage: ${usage}\n${help}.`;
}
