import { PlatterError } from "../base/error.ts";
import { interrupted } from "../base/interrupt.ts";
import { findProgram } from "./program.ts";
import { runTool, signalGroup } from "./run.ts";

/** Milliseconds between two checks whether all processes have ended. */
const POLL = 20;

/**
 * Runs this command again in podman's user namespace for the given reason, and returns its exit code once all its
 * processes have ended. All output comes from that run; signals are passed on.
 * @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_FAILED`
 */
export async function runInPodmanUnshare(reason: PlatterError, signal: AbortSignal): Promise<number> {
  const command = commandFor(reason);
  // Where podman cannot make the namespace, its exit code would look like that of the inner run.
  const env = process.env as Record<string, string>;
  await runTool({ argv: [...command, "--version"], name: "podman unshare", signal, env });
  const child = spawn(command, reason);
  const handOn = () => signalGroup(child.pid, "SIGINT");
  signal.addEventListener("abort", handOn, { once: true });
  // A second interruption ends this process immediately; it is also the second one of the inner process.
  process.on("exit", handOn);
  try {
    const exitCode = await child.exited;
    // podman may end before the processes in its namespace.
    if (child.signalCode !== null) handOn();
    while (signalGroup(child.pid, 0)) await Bun.sleep(POLL);
    // podman changes the exit code after a signal, so it is not that of the inner run.
    return signal.aborted ? interrupted("`podman unshare`").exitCode : exitCode;
  } finally {
    process.off("exit", handOn);
    signal.removeEventListener("abort", handOn);
  }
}

/** The command that runs platter in the namespace, without arguments. @throws PlatterError `E_TOOL_MISSING` */
function commandFor(reason: PlatterError): string[] {
  const [, script = ""] = process.argv;
  // A compiled binary is its own program; in development it is bun that runs a script.
  const self = script.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, script];
  const podman = findProgram("podman");
  if (podman === undefined) throw noPodman(reason);
  return [podman, "unshare", "--", ...self];
}

function spawn(command: readonly string[], reason: PlatterError): Bun.Subprocess {
  try {
    return Bun.spawn([...command, ...process.argv.slice(2)], {
      stdio: ["inherit", "inherit", "inherit"],
      env: process.env,
      // A group of its own, so that a signal reaches platter and not only podman.
      detached: true,
    });
  } catch (cause) {
    throw noPodman(reason, cause);
  }
}

function noPodman(reason: PlatterError, cause?: unknown): PlatterError {
  return new PlatterError({
    code: "E_TOOL_MISSING",
    kind: "tool",
    message: `${reason.message}, and \`podman\` is not in PATH`,
    hint: "Install podman, or save the image elsewhere and use `oci-archive:FILE`.",
    cause,
  });
}
