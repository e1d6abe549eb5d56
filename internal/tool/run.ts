import { closeSync, openSync, writeSync } from "node:fs";
import type { Chunk } from "../chunk.ts";
import { PlatterError } from "../error.ts";
import { interrupted, throwIfAborted } from "../interrupt.ts";
import { errnoOf } from "../machine-error.ts";
import { printable } from "../text/printable.ts";
import { ToolInput } from "./tool-input.ts";

/** Milliseconds a tool gets between SIGTERM and SIGKILL. */
const GRACE = 3000;
const TAIL_LINES = 15;
/** What tools say where there is no room for what they write. */
const NO_SPACE = /no space left on device|disk quota exceeded/i;

export interface ToolCall {
  /** Program (a path) and its arguments. */
  argv: readonly string[];
  /** The name people know the program by; default: the last component of its path. */
  name?: string;
  signal: AbortSignal;
  /** File that receives everything the tool prints (appended); without it only the last lines are kept. */
  log?: string | undefined;
  /** Added to the small fixed environment. */
  env?: Readonly<Record<string, string>>;
  /** Standard input; without it the tool reads from /dev/null. */
  stdin?: AsyncIterable<Chunk>;
  /** Receives standard output piece by piece; without it standard output is collected as text and logged. */
  onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  /** Exit codes that are no failure. Default: 0. */
  accept?: readonly number[];
}

export interface ToolResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a tool to its end. */
export type RunTool = (call: ToolCall) => Promise<ToolResult>;

/** Process groups that are running, so that even a sudden exit leaves none behind. */
const running = new Set<number>();
process.on("exit", () => {
  for (const pid of running) signalGroup(pid, "SIGKILL");
});

/**
 * Runs a tool in a process group of its own, with a small explicit environment.
 * An abort, or a failure of its input or output, ends the whole group before this returns.
 * @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_FAILED`, `E_NO_SPACE`, `E_INTERRUPTED`
 */
export async function runTool(call: ToolCall): Promise<ToolResult> {
  const name = call.name ?? call.argv[0]!.split("/").pop()!;
  throwIfAborted(call.signal, name);
  const log = call.log === undefined ? undefined : openSync(call.log, "a", 0o644);
  const sink = new OutputSink(log);
  try {
    sink.line(`$ ${commandLine(call.argv)}`);
    using input = call.stdin === undefined ? undefined : new ToolInput();
    const child = spawn(call, { name, stdin: input?.end });
    running.add(child.pid);
    let failure: unknown;
    const fail = (error: unknown) => {
      failure ??= error;
      terminate(child);
    };
    const onAbort = () => fail(interrupted(name));
    call.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const stdout: string[] = [];
      const decoder = new TextDecoder();
      const ended = child.exited.then(() => signalGroup(child.pid, "SIGKILL"));
      await Promise.all([
        input && feed(child, { input, stream: call.stdin! }).catch(fail),
        drain(child.stdout, async (chunk) => {
          if (call.onStdout !== undefined) return call.onStdout(chunk);
          stdout.push(decoder.decode(chunk, { stream: true }));
          sink.write(chunk);
        }).catch(fail),
        drain(child.stderr, (chunk) => sink.write(chunk, "stderr")).catch(fail),
        // Children that a tool leaves behind must not hold its output open, or outlive it.
        ended,
      ]);
      if (failure !== undefined) throw failure;
      const exitCode = child.signalCode === null ? (child.exitCode ?? -1) : -1;
      if (!(call.accept ?? [0]).includes(exitCode)) throw toolFailed(name, child, sink, call.log);
      return { exitCode, stdout: stdout.join(""), stderr: sink.stderr };
    } finally {
      call.signal.removeEventListener("abort", onAbort);
      running.delete(child.pid);
    }
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

type Child = Bun.Subprocess<number | "ignore", "pipe", "pipe">;

/** Starts the tool, and gives the descriptor of its standard input away to it. */
function spawn(call: ToolCall, { name, stdin }: { name: string; stdin: number | undefined }): Child {
  try {
    return Bun.spawn([...call.argv], {
      stdin: stdin ?? "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...baseEnvironment(), ...call.env },
      detached: true,
    }) as Child;
  } catch (cause) {
    throw new PlatterError({
      code: "E_TOOL_MISSING",
      kind: "tool",
      message: `Cannot run \`${name}\`: ${(cause as Error).message}`,
      hint: `Install \`${name}\`, or choose where tools come from with --tools.`,
      cause,
    });
  } finally {
    if (stdin !== undefined) closeSync(stdin);
  }
}

function baseEnvironment(): Record<string, string> {
  const path = process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  return { PATH: `${path}:/usr/local/sbin:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8", TZ: "UTC" };
}

async function feed(
  child: Child,
  { input, stream }: { input: ToolInput; stream: AsyncIterable<Chunk> },
): Promise<void> {
  using _ = input;
  for await (const chunk of stream) {
    try {
      await input.write(chunk);
    } catch (error) {
      // The tool went away or closed its input: its exit code tells the story better than EPIPE does.
      if (errnoOf(error) === "EPIPE") break;
      throw error;
    }
    if (child.exitCode !== null || child.signalCode !== null) break;
  }
}

async function drain(
  stream: ReadableStream<Uint8Array>,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  for await (const chunk of stream) await take(chunk);
}

function terminate(child: Child): void {
  signalGroup(child.pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE);
  child.exited.finally(() => clearTimeout(timer));
}

/** Sends a signal to a process group; false where it is gone already. 0 only asks. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

/** What a tool prints: all of it to the log, the end of it kept for an error message. */
class OutputSink {
  #tail = "";
  #stderr = "";
  readonly #log: number | undefined;
  readonly #decoder = new TextDecoder();

  constructor(log: number | undefined) {
    this.#log = log;
  }

  line(text: string): void {
    if (this.#log !== undefined) writeSync(this.#log, `${text}\n`);
  }

  write(chunk: Uint8Array, stream?: "stderr"): void {
    if (this.#log !== undefined) writeSync(this.#log, chunk);
    const text = this.#decoder.decode(chunk, { stream: true });
    this.#tail = (this.#tail + text).slice(-16_384);
    if (stream === "stderr") this.#stderr = (this.#stderr + text).slice(-65_536);
  }

  get stderr(): string {
    return this.#stderr;
  }

  lastLines(): string[] {
    return lastLines(this.#tail);
  }
}

/** The end of what a tool printed, safe on a terminal: a tool may repeat what stands in an untrusted image. */
export function lastLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "")
    .slice(-TAIL_LINES)
    .map((line) => printable(line.replaceAll("\t", " ")));
}

function toolFailed(name: string, child: Child, sink: OutputSink, log: string | undefined): PlatterError {
  const lines = sink.lastLines();
  const how = child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
  if (lines.some((line) => NO_SPACE.test(line))) {
    return new PlatterError({
      code: "E_NO_SPACE",
      kind: "machine",
      message: `\`${name}\` ran out of disk space (${how})`,
      hint: "Free some space, or put the output and --work on a larger file system.",
      detail: lines,
    });
  }
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`${name}\` failed with ${how}`,
    hint: log === undefined ? undefined : `Its full output is in \`${log}\`.`,
    detail: lines,
    log,
  });
}

/** A command as a person could paste it into a shell. */
export function commandLine(argv: readonly string[]): string {
  return argv.map(shellWord).join(" ");
}

/** An argument of it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
