import { type Architecture, hasBios } from "../base/architecture.ts";
import { printable } from "../text/printable.ts";
import type { BootFailureCode } from "./boot-failures.ts";
import { FIRMWARE_KINDS, type FirmwareKind } from "./firmware/firmware-descriptor.ts";
import { MEDIA, type Media } from "./machine.ts";
import type { MenuOutcome } from "./menu-drive.ts";
import { PHASE_NAMES, type Phase, type PhaseTime } from "./phase.ts";

/** One way to boot. */
export interface BootWay {
  firmware: FirmwareKind;
  media: Media;
}

/** Why a boot failed. */
export interface BootFailure {
  phase: Phase;
  /** Stable code such as `B_EMERGENCY`. */
  code: BootFailureCode;
  message: string;
  hint?: string | undefined;
  /** The line on the console that shows the failure. */
  line?: string | undefined;
  /** The last lines on the console. */
  lastLines: readonly string[];
}

/** The result of one boot. */
export interface BootResult extends BootWay {
  accelerator: "kvm" | "tcg";
  /** Seconds from switching on to the verdict. */
  seconds: number;
  phases: readonly PhaseTime[];
  menu: MenuOutcome;
  /** The line that shows that the system has booted; undefined after a failed boot. */
  reached: string | undefined;
  failure: BootFailure | undefined;
  /** Path. */
  serialLog: string;
  screenshot: string | undefined;
  /** GRUB's menu. */
  menuScreenshot: string | undefined;
}

/** The six ways that the contract requires, on x86_64. */
export const ALL_WAYS: readonly BootWay[] = FIRMWARE_KINDS.flatMap((firmware) =>
  MEDIA.map((media) => ({ firmware, media })),
);

/** All ways to boot on an architecture. Some do not have BIOS. */
export function waysOn(architecture: Architecture): readonly BootWay[] {
  return hasBios(architecture) ? ALL_WAYS : ALL_WAYS.filter(({ firmware }) => firmware !== "bios");
}

export function wayName({ firmware, media }: BootWay): string {
  return `${firmware}-${media}`;
}

/** A failed boot in one line for people. */
export function failureLine(way: BootWay, { phase, message, code }: BootFailure): string {
  return printable(`${wayName(way)}: failed in the ${PHASE_NAMES[phase]} phase: ${message} [${code}]`);
}
