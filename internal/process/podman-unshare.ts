import { PlatterError } from "../base/error.ts";
import { interrupted } from "../base/interrupt.ts";
import { findProgram } from "./program.ts";
import { signalGroup } from "./run.ts";

/** Milliseconds between two checks whether all processes have ended. */
const POLL = 20;

/**
 * Runs this command again in podman's user namespace for the given reason, and returns its exit code once all its
 * processes have ended. All output comes from that run; signals are passed on.
 * @throws PlatterError `E_TOOL_MISSING`
 */
export async function runInPodmanUnshare(reason: PlatterError, signal: AbortSignal): Promise<number> {
  const child = spawn(reason);
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

function spawn(reason: PlatterError): Bun.Subprocess {
  const [, script = "", ...args] = process.argv;
  // A compiled binary is its own program; in development it is bun that runs a script.
  const self = script.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, script];
  const podman = findProgram("podman");
  if (podman === undefined) throw noPodman(reason);
  try {
    return Bun.spawn([podman, "unshare", "--", ...self, ...args], {
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
