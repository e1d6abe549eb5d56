import type { BootFailureCode } from "./boot-failures.ts";
import type { Phase } from "./phase.ts";

/** A pattern on the console that shows that the boot failed, or will very likely fail. */
export interface FailureSign {
  code: BootFailureCode;
  pattern: RegExp;
  /** The phase that failed; by default the current one. */
  phase?: Phase;
  /** The sign counts only in these phases. */
  during?: readonly Phase[];
  /** One sentence about the failure. */
  message: string;
  hint?: string;
  /** It is a failure only if the boot does not continue. */
  unlessItGoesOn?: true;
}

const BEFORE_KERNEL: readonly Phase[] = ["firmware", "shim", "grub"];

/** All signs in order. The first match determines the failure. */
const FAILURE_SIGNS: readonly FailureSign[] = [
  {
    code: "B_PANIC",
    pattern: /Kernel panic - not syncing/,
    message: "The kernel panicked.",
  },
  {
    code: "B_SECURE_BOOT_VIOLATION",
    pattern: /Security Violation|Bootloader has not verified loaded image|Perform MOK management/,
    during: BEFORE_KERNEL,
    phase: "shim",
    message: "shim refused to start GRUB or the kernel: it is not signed by a key that shim trusts.",
    hint: "Take shim, GRUB and the kernel from the same distribution, all signed.",
  },
  {
    code: "B_SBAT",
    pattern: /SBAT self-check failed|SBAT data failed/,
    during: BEFORE_KERNEL,
    phase: "shim",
    message: "shim or GRUB is of a generation that was revoked (SBAT).",
    hint: "Update shim and GRUB in the image.",
  },
  {
    code: "B_SHIM",
    pattern:
      /start_image\(\) returned|Failed to (open|load|start) (image )?\\EFI\\|Something has gone seriously wrong/,
    during: BEFORE_KERNEL,
    phase: "shim",
    message: "shim could not start GRUB.",
    hint: "Check that the EFI system partition has the GRUB that shim looks for, next to shim.",
  },
  {
    code: "B_ACCESS_DENIED",
    pattern: /BdsDxe: failed to (load|start) Boot\w+ .*: Access Denied/,
    during: ["firmware"],
    message: "The firmware refused to start shim: it is not signed by a key that the firmware trusts.",
    hint: "Take a shim that Microsoft signed.",
  },
  {
    code: "B_NO_BOOT_DEVICE",
    pattern:
      /No bootable device|No bootable option or device was found|UEFI Interactive Shell|^Shell> |BootManagerMenuApp/,
    during: ["firmware"],
    message: "The firmware found no program on the medium that it could start.",
    hint: "Run `platter verify` on the ISO: it reports which boot entry is broken.",
  },
  {
    code: "B_BOOT_ENTRY",
    pattern: /BdsDxe: failed to (load|start) Boot|Boot failed: |Could not read from CDROM/,
    during: ["firmware"],
    message: "The firmware could not start the medium.",
    hint: "Run `platter verify` on the ISO: it reports which boot entry is broken.",
    unlessItGoesOn: true,
  },
  {
    code: "B_GRUB_RESCUE",
    pattern: /grub rescue> /,
    during: BEFORE_KERNEL,
    phase: "grub",
    message: "GRUB could not read its own modules and waits for commands.",
    hint: "Check that GRUB finds the medium, and finds its modules at its prefix.",
  },
  {
    code: "B_GRUB_PROMPT",
    pattern: /^grub> /,
    during: BEFORE_KERNEL,
    phase: "grub",
    message: "GRUB found no menu and waits for commands.",
    hint: "Check that GRUB's built-in prefix leads to `grub.cfg` on this medium.",
  },
  {
    code: "B_GRUB_ERROR",
    pattern: /^\W*error: ./,
    during: BEFORE_KERNEL,
    phase: "grub",
    message: "GRUB reported an error and did not go on.",
    unlessItGoesOn: true,
  },
  {
    code: "B_EMERGENCY",
    pattern: /Entering emergency mode|You are in emergency mode|Press Enter for (emergency|maintenance)/i,
    message: "The system gave up and opened its emergency shell.",
    hint: "Check that the medium has the label in `root=live:CDLABEL=`, and that the initramfs has a driver for the medium.",
  },
  {
    code: "B_EMERGENCY",
    pattern: /Give root password for maintenance|Cannot open access to console, the root account is locked/i,
    message: "The system gave up and opened its emergency shell.",
  },
  {
    code: "B_EMERGENCY",
    pattern:
      /ALERT!.*Dropping to a shell|Unable to find a medium containing a live file ?system|^\(initramfs\) /i,
    phase: "initramfs",
    message: "The initramfs did not find its root file system and opened a shell.",
    hint: "Check that the initramfs is made for live media, and that the label in the menu is the ISO's.",
  },
];

/** The sign in a line during `phase`; undefined without one. */
export function failureSign(line: string, phase: Phase): FailureSign | undefined {
  return FAILURE_SIGNS.find(({ pattern, during }) => (during?.includes(phase) ?? true) && pattern.test(line));
}
