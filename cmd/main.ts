import { CommanderError } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { errnoOf, machineError } from "../internal/base/machine-error.ts";
import { systemError } from "../internal/files/system-error.ts";
import { NeedsPodmanUnshare } from "../internal/image/source/needs-podman-unshare.ts";
import { runInPodmanUnshare } from "../internal/process/podman-unshare.ts";
import { printable, printableLines } from "../internal/text/printable.ts";
import { consoleReporter } from "../internal/ui/console-reporter.ts";
import { renderError } from "../internal/ui/error-text.ts";
import { VERSION } from "./build-info.ts";
import { refuseBunVariables } from "./bun-variables.ts";
import { withHelpFirst } from "./help.ts";
import { createProgram, type Verbosity } from "./program.ts";
import { dropEmptyVariables, valuesFromVariables } from "./reference/environment.ts";
import type { World } from "./world.ts";

const USAGE_EXIT_CODE = 2;
const INTERRUPTED_EXIT_CODE = 130;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  process.on(signal, () => {
    // A second signal ends the process immediately. Handlers of `exit` end children and remove temporary folders.
    if (interruption.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    interruption.abort();
  });
}

/** The text of --help or --version. It is printed before the process ends. */
let help = "";
const program = createProgram({
  worldFor,
  writeOut: (text) => {
    help += text;
  },
});

function worldFor(verbosity: Verbosity): World {
  return {
    signal: interruption.signal,
    reporter: consoleReporter({ verbosity, stream: process.stderr, clock: () => performance.now() }),
    clock: () => performance.now(),
    now: () => new Date(),
    environment: process.env,
    version: VERSION,
    verbosity,
    print: async (text) => {
      if (verbosity !== "quiet") await printData(printableLines(text));
    },
    printData,
  };
}

/** Writes all of the data to standard output. It is not an error if the reader closes the pipe early (`  head`). */
function printData(data: string | Uint8Array): Promise<void> {
  return new Promise((done, fail) => {
    process.stdout.write(data, (error) => {
      if (error === null || error === undefined || errnoOf(error) === "EPIPE") done();
      else fail(machineError(error, { code: "E_STDOUT", message: "Cannot write to standard output" }));
    });
  });
}
// `printData` reports errors of standard output. Errors of standard error cannot be reported anywhere.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  refuseBunVariables(process.env);
  dropEmptyVariables(process.env);
  await program.parseAsync(withHelpFirst(process.argv.slice(2)), { from: "user" });
} catch (error) {
  process.exitCode = await endOf(error);
}

/**
 * The exit code of a run that ended with an error. If the run must start again under `podman unshare`, the exit code of
 * the second run.
 */
async function endOf(error: unknown): Promise<number> {
  if (error instanceof CommanderError) return endOfParsing(error);
  if (!(error instanceof NeedsPodmanUnshare)) return report(error);
  return runInPodmanUnshare(error, interruption.signal).catch(report);
}

/**
 * The exit code for an error of commander. Usage errors were already printed to standard error; help is printed here.
 */
async function endOfParsing({ exitCode }: CommanderError): Promise<number> {
  if (exitCode !== 0) return USAGE_EXIT_CODE;
  return printData(help).then(() => 0, report);
}

/** Prints an error to standard error, and returns the exit code. */
function report(error: unknown): number {
  if (interruption.signal.aborted) {
    process.stderr.write("error: Interrupted [E_INTERRUPTED]\n");
    return INTERRUPTED_EXIT_CODE;
  }
  const told = systemError(error);
  process.stderr.write(renderError(told));
  if (!(told instanceof PlatterError)) return 1;
  // The error may be about the value of a variable, so each variable that sets an option is named.
  const lines = told.kind === "usage" ? program.commands.flatMap(valuesFromVariables) : [];
  process.stderr.write(lines.map((line) => `note: ${printable(line)}\n`).join(""));
  return told.exitCode;
}
