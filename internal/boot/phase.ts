/** The parts of a boot, in their order. `shim` is only seen when it has something to say. */
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

/** When a phase was first seen and how long it lasted, in seconds; what was not seen on the console is not listed. */
export interface PhaseTime {
  phase: Phase;
  start: number;
  seconds: number;
}

interface PhaseSign {
  phase: Phase;
  pattern: RegExp;
  /** Only counts once this phase was reached. */
  after?: Phase;
}

/** Lines that tell that a phase has begun. */
const PHASE_SIGNS: readonly PhaseSign[] = [
  { phase: "grub", pattern: /Welcome to GRUB!|GNU GRUB\s+version/ },
  // A menu entry may be called "Linux version 2": only the beginning of a line, or the kernel's time, tells.
  { phase: "kernel", pattern: /^Linux version \d|^\[ *\d+\.\d{6}\] |^EFI stub: |^Decompressing Linux/ },
  { phase: "initramfs", pattern: /Run \/init as init process|\bdracut[:-]|systemd\[1\]: Running in initrd/ },
  { phase: "initramfs", pattern: /Welcome to .*(dracut-\d|initramfs\))|^Loading, please wait\.\.\./i },
  // systemd of the initramfs says goodbye, or what comes after it says hello.
  { phase: "user-space", pattern: /Switching root|Reached target .*Switch Root|initrd-switch-root/i },
  { phase: "user-space", pattern: /Run \/s?bin\/init as init process/ },
  { phase: "user-space", pattern: /^\W*Welcome to (?!.*(dracut|initramfs|GRUB)).*!/i, after: "initramfs" },
  { phase: "user-space", pattern: /^INIT: version |OpenRC .* is starting up/, after: "kernel" },
];

/** The phase after `current` that the line begins, or undefined: a boot never goes back. */
export function phaseBegun(line: string, current: Phase): Phase | undefined {
  const at = PHASES.indexOf(current);
  return PHASE_SIGNS.find(
    ({ phase, pattern, after }) =>
      PHASES.indexOf(phase) > at &&
      (after === undefined || PHASES.indexOf(after) <= at) &&
      pattern.test(line),
  )?.phase;
}
