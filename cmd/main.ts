import { Command, CommanderError, Option } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/error.ts";
import { NeedsPodmanUnshare } from "../internal/image/needs-podman-unshare.ts";
import { errnoOf, machineError } from "../internal/machine-error.ts";
import { systemError } from "../internal/system-error.ts";
import { printableLines } from "../internal/text/printable.ts";
import { runInPodmanUnshare } from "../internal/tool/podman-unshare.ts";
import { consoleReporter } from "../internal/ui/console-reporter.ts";
import { renderError } from "../internal/ui/error-text.ts";
import packageJson from "../package.json" with { type: "json" };
import { addAssemble } from "./assemble.ts";
import { addBiosImage } from "./bios-image.ts";
import { addBoot } from "./boot.ts";
import { addBuild } from "./build.ts";
import { addEfiImage } from "./efi-image.ts";
import { addImplant } from "./implant.ts";
import { addInspect } from "./inspect.ts";
import { addRenderGrub } from "./render-grub.ts";
import { addSquash } from "./squash.ts";
import { addVerify } from "./verify.ts";
import type { World } from "./world.ts";

const USAGE_EXIT_CODE = 2;
const INTERRUPTED_EXIT_CODE = 130;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    // Asked a second time: leave at once; children and temporary folders go in the handlers for `exit`.
    if (interruption.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    interruption.abort();
  });
}

const program = new Command("platter")
  .description("Turns a container image into an ISO that boots everywhere.")
  .version(packageJson.version, "-V, --version", "print the version")
  .addOption(new Option("-v, --verbose", "show every tool call"))
  .addOption(new Option("-q, --quiet", "show nothing but errors").conflicts("verbose"))
  .enablePositionalOptions(false)
  .showHelpAfterError("(`platter --help` and `platter COMMAND --help` list what there is)")
  .addHelpText(
    "after",
    "\nExit codes: 0 done, 1 a bug, 2 wrong usage, 3 the image breaks the contract, 4 a tool is missing or failed,\n5 the machine said no (disk full, permission), 6 an ISO failed verification or did not boot, 130 interrupted.\n\nExample:\n  platter build quay.io/example/os:latest -o os.iso",
  )
  // Usage errors repeat what was typed.
  .configureOutput({ writeErr: (text) => void process.stderr.write(printableLines(text)) })
  .exitOverride();

function worldOf(): World {
  const { verbose, quiet } = program.opts();
  const verbosity = verbose === true ? "verbose" : quiet === true ? "quiet" : "normal";
  return {
    signal: interruption.signal,
    reporter: consoleReporter({ verbosity, stream: process.stderr, clock: () => performance.now() }),
    clock: () => performance.now(),
    now: () => new Date(),
    environment: process.env,
    version: packageJson.version,
    verbosity,
    print: async (text) => {
      if (verbosity !== "quiet") await printData(printableLines(text));
    },
    printData,
  };
}

/** Writes all of the data; that its reader has had enough (`| head`) is no failure. */
function printData(data: string | Uint8Array): Promise<void> {
  return new Promise((done, fail) => {
    process.stdout.write(data, (error) => {
      if (error === null || error === undefined || errnoOf(error) === "EPIPE") done();
      else fail(machineError(error, { code: "E_STDOUT", message: "Cannot write to standard output" }));
    });
  });
}
// What goes wrong with standard output is told to `printData`, and nobody is left to tell about standard error.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

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

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = await endOf(error);
}

/** The exit code of a run that an error ended; for one that only began in the wrong place, that of the right one. */
async function endOf(error: unknown): Promise<number> {
  if (!(error instanceof NeedsPodmanUnshare)) return report(error);
  return runInPodmanUnshare(error, interruption.signal).catch(report);
}

/** Tells the user what went wrong, and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  if (interruption.signal.aborted) {
    process.stderr.write("error: Interrupted [E_INTERRUPTED]\n");
    return INTERRUPTED_EXIT_CODE;
  }
  const told = systemError(error);
  process.stderr.write(renderError(told));
  return told instanceof PlatterError ? told.exitCode : 1;
}
