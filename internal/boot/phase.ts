/** The parts of a boot, in their order. `shim` is visible only if it prints a message. */
export const PHASES = ["firmware", "shim", "grub", "kernel", "initramfs", "user-space"] as const;

export type Phase = (typeof PHASES)[number];

export const PHASE_NAMES: Record<Phase, string> = {
  firmware: "firmware",
  shim: "shim",
  grub: "GRUB",
  kernel: "kernel",
  initramfs: "initramfs",
  "user-space": "user space",
};

/** When a phase was first seen and how long it lasted, in seconds; phases without output are not listed. */
export interface PhaseTime {
  phase: Phase;
  start: number;
  seconds: number;
}

/** When a phase began, in milliseconds of a clock. */
export interface PhaseStart {
  phase: Phase;
  at: number;
}

/** The phases that have begun, from the machine's start. The last one lasts until `now`. */
export function phaseTimes(starts: readonly PhaseStart[], now: number): PhaseTime[] {
  const zero = starts[0]?.at ?? now;
  return starts.map(({ phase, at }, index) => {
    const next = starts[index + 1]?.at ?? now;
    return { phase, start: seconds(at - zero), seconds: seconds(next - at) };
  });
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 10) / 100;
}

interface PhaseSign {
  phase: Phase;
  pattern: RegExp;
  /** The sign counts only after this phase. */
  after?: Phase;
}

/** Lines that show the start of a phase. */
const PHASE_SIGNS: readonly PhaseSign[] = [
  { phase: "grub", pattern: /Welcome to GRUB!|GNU GRUB\s+version/ },
  // A menu entry may have the name "Linux version 2". Only the beginning of a line, or the kernel's time, is reliable.
  { phase: "kernel", pattern: /^Linux version \d|^\[ *\d+\.\d{6}\] |^EFI stub: |^Decompressing Linux/ },
  { phase: "initramfs", pattern: /Run \/init as init process|\bdracut[:-]|systemd\[1\]: Running in initrd/ },
  { phase: "initramfs", pattern: /Welcome to .*(dracut-\d|initramfs\))|^Loading, please wait\.\.\./i },
  // The last lines of systemd in the initramfs, or the first lines after it.
  { phase: "user-space", pattern: /Switching root|Reached target .*Switch Root|initrd-switch-root/i },
  { phase: "user-space", pattern: /Run \/s?bin\/init as init process/ },
  { phase: "user-space", pattern: /^\W*Welcome to (?!.*(dracut|initramfs|GRUB)).*!/i, after: "initramfs" },
  { phase: "user-space", pattern: /^INIT: version |OpenRC .* is starting up/, after: "kernel" },
];

/**
 * The phase after `current` that begins with this line; undefined if none begins. A boot never returns to an earlier
 * phase.
 */
export function phaseBegun(line: string, current: Phase): Phase | undefined {
  const at = PHASES.indexOf(current);
  return PHASE_SIGNS.find(
    ({ phase, pattern, after }) =>
      PHASES.indexOf(phase) > at &&
      (after === undefined || PHASES.indexOf(after) <= at) &&
      pattern.test(line),
  )?.phase;
}
