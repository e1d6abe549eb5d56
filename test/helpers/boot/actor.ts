import { PlatterError } from "../../../internal/base/error.ts";
import { interrupted } from "../../../internal/base/interrupt.ts";
import type { BootWorld } from "../../../internal/boot/run.ts";
import type { RunTool } from "../../../internal/process/run.ts";

const never = new AbortController().signal;

/** A QEMU that prints its lines to the console. Then it stays until it is ended, or goes, or fails. */
export function actor(script: {
  says: string[];
  ending: "stays" | "goes" | "fails";
  seen?: string[][];
  onStay?: () => void;
}): RunTool {
  return async ({ argv, signal, onStdout }) => {
    script.seen?.push([...argv]);
    for (const line of script.says) await onStdout?.(new TextEncoder().encode(`${line}\r\n`));
    if (script.ending === "goes") return { exitCode: 0, stdout: "", stderr: "" };
    if (script.ending === "fails") {
      throw new PlatterError({
        code: "E_TOOL_FAILED",
        kind: "tool",
        message: "`qemu` failed with exit code 1",
      });
    }
    script.onStay?.();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    throw interrupted("qemu");
  };
}

export function world(run: RunTool, signal = never): BootWorld {
  return { run, signal, now: () => performance.now() };
}
