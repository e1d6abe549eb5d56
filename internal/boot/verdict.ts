import type { Architecture } from "../base/architecture.ts";
import type { BootFailure } from "./boot-result.ts";
import type { ConsoleWatcher } from "./console.ts";
import { serialConsoleArgument } from "./machine.ts";
import { PHASE_NAMES } from "./phase.ts";

type Seen = Pick<ConsoleWatcher, "phase" | "awaited" | "suspicion">;

/** The failure of a boot that took too long. */
export function timedOut(
  { phase, awaited, suspicion }: Seen,
  { timeout, architecture }: { timeout: number; architecture: Architecture },
): Omit<BootFailure, "lastLines"> {
  const next =
    awaited === undefined ? "a sign that the system is up" : `a sign of the ${PHASE_NAMES[awaited]} phase`;
  return {
    phase,
    code: "B_TIMEOUT",
    message: `After ${timeout} seconds the boot is still in the ${PHASE_NAMES[phase]} phase, without ${next}.`,
    hint: silenceHint(phase, architecture),
    line: suspicion,
  };
}

/** The failure of a machine that switched itself off, or reset, before the system was up. */
export function switchedOff(
  { phase, suspicion }: Seen,
  architecture: Architecture,
): Omit<BootFailure, "lastLines"> {
  return {
    phase,
    code: "B_ENDED",
    message: `The machine switched itself off, or reset, in the ${PHASE_NAMES[phase]} phase.`,
    // It may have booted without writing to the serial console.
    hint: phase === "grub" ? silenceHint(phase, architecture) : undefined,
    line: suspicion,
  };
}

function silenceHint(phase: Seen["phase"], architecture: Architecture): string | undefined {
  switch (phase) {
    case "firmware":
      return "Look at the screenshot: the boot image may hang without a message.";
    case "grub":
      return `Add \`${serialConsoleArgument(architecture)}\` to the kernel's arguments, or let platter add it for this boot: without it the serial line is silent after GRUB.`;
    case "kernel":
    case "initramfs":
    case "user-space":
      return "Give the machine more time with --timeout: it may only be slow.";
    case "shim":
      return undefined;
    default: {
      const never: never = phase;
      return never;
    }
  }
}
