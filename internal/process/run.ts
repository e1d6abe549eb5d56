import { closeSync, openSync } from "node:fs";
import { interrupted, throwIfAborted } from "../base/interrupt.ts";
import { errnoOf } from "../base/machine-error.ts";
import { commandLine } from "./command-line.ts";
import { OutputSink } from "./output-sink.ts";
import { findProgram, programFolders } from "./program.ts";
import { notStarted, toolFailed, tooMuch } from "./tool-error.ts";

/** Milliseconds that a tool gets between SIGTERM and SIGKILL. */
const GRACE = 3000;
/** The most bytes of standard output. A manifest or a configuration has at most 4 MiB. */
const MAX_OUTPUT = 8 * 1024 * 1024;

export interface ToolCall {
  /** Program (a path) and its arguments. */
  argv: readonly string[];
  /** The name of the program in messages. The default is the last component of its path. */
  name?: string;
  signal: AbortSignal;
  /** File that receives everything the tool prints (appended); without it only the last lines are kept. */
  log?: string | undefined;
  /** Added to the small fixed environment. */
  env?: Readonly<Record<string, string>>;
  /** Standard input; without it the tool reads from /dev/null. */
  stdin?: AsyncIterable<Uint8Array>;
  /** Receives standard output piece by piece; without it standard output is collected as text and logged. */
  onStdout?: (chunk: Uint8Array) => void | Promise<void>;
  /** Exit codes of a success. The default is 0. */
  accept?: readonly number[];
  /** The most bytes of standard output. A tool that prints more is ended. The default is 8 MiB for collected output. */
  maxOutput?: number;
}

export interface ToolResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs a tool to its end. */
export type RunTool = (call: ToolCall) => Promise<ToolResult>;

/** Running process groups, which a sudden exit of platter ends. */
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
    const child = spawn(call, name);
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
      const limit = call.maxOutput ?? (call.onStdout === undefined ? MAX_OUTPUT : Number.POSITIVE_INFINITY);
      let printed = 0;
      const ended = child.exited.then(() => signalGroup(child.pid, "SIGKILL"));
      await Promise.all([
        call.stdin && feed(child, call.stdin).catch(fail),
        drain(child.stdout, async (chunk) => {
          printed += chunk.length;
          if (printed > limit) throw tooMuch(name, limit);
          if (call.onStdout !== undefined) return call.onStdout(chunk);
          stdout.push(decoder.decode(chunk, { stream: true }));
          sink.write(chunk);
        }).catch(fail),
        drain(child.stderr, (chunk) => sink.write(chunk, "stderr")).catch(fail),
        // Children of a tool must not hold its output open, or outlive it.
        ended,
      ]);
      if (failure !== undefined) throw failure;
      const exitCode = child.signalCode === null ? (child.exitCode ?? -1) : -1;
      if (!(call.accept ?? [0]).includes(exitCode)) {
        const { signalCode } = child;
        throw toolFailed(name, { exitCode, signalCode, lines: sink.lastLines(), log: call.log });
      }
      return { exitCode, stdout: stdout.join(""), stderr: sink.stderr };
    } finally {
      call.signal.removeEventListener("abort", onAbort);
      running.delete(child.pid);
    }
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

type Child = Bun.Subprocess<"pipe" | "ignore", "pipe", "pipe">;

function spawn({ argv, stdin, env }: ToolCall, name: string): Child {
  const [program = "", ...args] = argv;
  const path = program.includes("/") ? program : findProgram(program);
  if (path === undefined) throw notStarted(name, "it is not in PATH");
  try {
    return Bun.spawn([path, ...args], {
      stdin: stdin === undefined ? "ignore" : "pipe",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...baseEnvironment(), ...env },
      detached: true,
    }) as Child;
  } catch (cause) {
    throw notStarted(name, (cause as Error).message, cause);
  }
}

function baseEnvironment(): Record<string, string> {
  return { PATH: programFolders().join(":"), LC_ALL: "C.UTF-8", TZ: "UTC" };
}

async function feed(child: Child, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const input = child.stdin as Bun.FileSink;
  for await (const chunk of stream) {
    if (child.exitCode !== null || child.signalCode !== null) break;
    // A tool that closed its input ends the stream. Its exit code is more useful than EPIPE.
    if (!(await takes(input, chunk))) break;
  }
  await unlessClosed(async () => input.end());
}

/** Resolves once the tool's input has taken the bytes; false if the tool does not read any more. */
async function takes(input: Bun.FileSink, chunk: Uint8Array): Promise<boolean> {
  return unlessClosed(async () => {
    await input.write(chunk);
    await input.flush();
  });
}

/** False if the other end of a pipe is closed. */
async function unlessClosed(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (errnoOf(error) === "EPIPE") return false;
    throw error;
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

/** Sends a signal to a process group; false if the group does not exist. Signal 0 only checks that. */
export function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}
