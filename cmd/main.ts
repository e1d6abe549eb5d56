import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CommanderError } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { ERRORS } from "../internal/base/error-codes.ts";
import { interrupted } from "../internal/base/interrupt.ts";
import { errnoOf, machineError } from "../internal/base/machine-error.ts";
import type { ProcessReporter } from "../internal/base/progress.ts";
import type { Style } from "../internal/base/style.ts";
import { printDocument } from "../internal/documents/document.ts";
import { errorData } from "../internal/documents/error-document.ts";
import { eventLine } from "../internal/documents/progress-document.ts";
import { systemError } from "../internal/files/system-error.ts";
import { NeedsPodmanUnshare } from "../internal/image/source/needs-podman-unshare.ts";
import { runInPodmanUnshare } from "../internal/process/podman-unshare.ts";
import { noticeLines } from "../internal/text/notice-text.ts";
import { consoleReporter } from "../internal/ui/console-reporter.ts";
import { renderError } from "../internal/ui/error-text.ts";
import { jsonReporter } from "../internal/ui/json-reporter.ts";
import { isTerminal, styleOf } from "../internal/ui/terminal.ts";
import { withHelpFirst } from "./about/help.ts";
import { VERSION } from "./build-info.ts";
import { refuseBunVariables } from "./bun-variables.ts";
import { withOwnSpelling } from "./options/aliases.ts";
import { type GlobalFlags, globalFlags, progressOf, verbosityOf } from "./options/global.ts";
import { withJoinedValues } from "./options/joined-values.ts";
import { machineOptions } from "./options/json.ts";
import { withPullPolicies } from "./options/pull.ts";
import { createProgram } from "./program.ts";
import {
  dropEmptyVariables,
  OPTION_VARIABLES,
  quotedVariables,
  valuesFromVariables,
} from "./reference/environment.ts";
import type { World } from "./world.ts";

const INTERRUPTED = interrupted();

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  process.on(signal, () => {
    // A second signal ends the process immediately. Handlers of `exit` end children and remove temporary folders.
    if (interruption.signal.aborted) {
      reporter?.close();
      process.exit(INTERRUPTED.exitCode);
    }
    interruption.abort();
  });
}

const args = process.argv.slice(2);
/** Notes about spellings of other tools. */
const notes: string[] = [];
const machine = machineOptions(args);
/** The document of --json. */
let result: object | undefined;
/** The text of --help or --version. It is printed before the process ends. */
let help = "";
const program = createProgram({
  worldFor,
  notes,
  writeOut: (text) => {
    help += text;
  },
  writeError,
});

const errors = { stream: process.stderr, environment: process.env };
let reporter: ProcessReporter | undefined;

function errorStyle(): Style {
  return styleOf(errors, globalFlags(program).color);
}

/** Whether standard error has only lines of JSON. */
function isJsonProgress(): boolean {
  return machine.progress ?? process.env[OPTION_VARIABLES["--progress"]] === "json";
}

/** Writes a text for people to standard error. With --progress json only events are written there. */
function writeError(text: string): void {
  if (!isJsonProgress()) process.stderr.write(text);
}

function reporterFor(flags: GlobalFlags): ProcessReporter {
  const shared = { write: (text: string) => void process.stderr.write(text), clock: () => performance.now() };
  if (isJsonProgress()) {
    const verbosity = flags.verbose === true ? "verbose" : "normal";
    return jsonReporter({ ...shared, verbosity, now: () => new Date() });
  }
  const progress = progressOf(flags, { isTerminal: isTerminal(errors) });
  return consoleReporter({ ...shared, verbosity: verbosityOf(flags), style: errorStyle(), progress });
}

function worldFor(flags: GlobalFlags): World {
  const verbosity = verbosityOf(flags);
  reporter ??= reporterFor(flags);
  return {
    signal: interruption.signal,
    reporter,
    style: styleOf({ stream: process.stdout, environment: process.env }, flags.color),
    clock: () => performance.now(),
    now: () => new Date(),
    environment: process.env,
    version: VERSION,
    verbosity,
    print: async (text) => {
      if (verbosity !== "quiet") await printData(text);
    },
    printData,
    printsToTerminal: process.stdout.isTTY === true,
    stream,
    setResult: (document) => {
      result = document;
    },
  };
}

/** Writes all of the data to standard output. It is not an error if the reader closes the pipe early (`  head`). */
function printData(data: string | Uint8Array): Promise<void> {
  // Standard output may be the same terminal, so the progress line must not be there.
  reporter?.rows([]);
  return new Promise((done, fail) => {
    process.stdout.write(data, (error) => {
      if (error === null || error === undefined || errnoOf(error) === "EPIPE") done();
      else fail(machineError(error, { code: "E_STDOUT", message: "Cannot write to standard output" }));
    });
  });
}

/** Copies the content to standard output. It is an error if the reader closes the pipe before the end. */
async function stream(content: Readable): Promise<void> {
  try {
    await pipeline(content, process.stdout, { signal: interruption.signal, end: false });
  } catch (error) {
    throw machineError(error, { code: "E_STDOUT", message: "Cannot write to standard output" });
  }
}

// `printData` and `stream` report errors of standard output. Errors of standard error cannot be reported anywhere.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

try {
  refuseBunVariables(process.env);
  dropEmptyVariables(process.env);
  const own = withOwnSpelling(program, withHelpFirst(args), process.env);
  notes.push(...own.notes);
  await program.parseAsync(withPullPolicies(withJoinedValues(program, own.args)), { from: "user" });
  reporter?.close();
  await printAsData(undefined);
} catch (error) {
  reporter?.close();
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
async function endOfParsing(error: CommanderError): Promise<number> {
  if (error.exitCode === 0) return printData(help).then(() => 0, report);
  const reason = error.message.replace(/^error: /, "").replaceAll("\n", " ");
  const usage = new PlatterError({
    code: "E_USAGE",
    kind: "usage",
    message: `Cannot read the command line: ${reason}`,
    hint: ERRORS.E_USAGE.fix,
  });
  return printAsData(usage).then(() => usage.exitCode, report);
}

/** Prints an error to standard error, and with --json to standard output. Returns the exit code. */
async function report(error: unknown): Promise<number> {
  const style = errorStyle();
  const told = interruption.signal.aborted ? INTERRUPTED : systemError(error);
  writeError(renderError(told, style));
  // The error may be about the value of a variable, so each variable that sets an option is named.
  const isUsage = told instanceof PlatterError && told.kind === "usage";
  const lines = isUsage
    ? [
        ...[program, ...program.commands].flatMap(valuesFromVariables),
        ...quotedVariables(told.message, process.env),
      ]
    : [];
  const notes = lines.flatMap((message) => noticeLines({ severity: "note", message }, style));
  writeError(notes.map((line) => `${line}\n`).join(""));
  const { code, exitCode } = errorData(told);
  try {
    await printAsData(told);
    return exitCode;
  } catch (lost) {
    if (code === "E_STDOUT") return exitCode;
    writeError(renderError(lost, style));
    return errorData(lost).exitCode;
  }
}

/**
 * With --json, prints the document of this run to standard output: the result, the error, or both. With --progress
 * json, writes the error to standard error, too.
 */
async function printAsData(error: unknown): Promise<void> {
  if (isJsonProgress() && error !== undefined)
    process.stderr.write(eventLine({ event: "error", error: errorData(error) }, new Date()));
  const text = printDocument(result, error);
  if (machine.json && text !== undefined) await printData(text);
}
